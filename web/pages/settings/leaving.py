"""Deleting the account: what goes with it, and a confirmation that nobody types by accident."""

from flask import Blueprint, Response, request

from shared.actions.delete_account import delete_account
from shared.database.dashboards import read_dashboard
from shared.domain.errors import CelltallyError, InvalidInputError
from web import access
from web.access import services
from web.pages.rendering import page
from web.pages.settings.frame import settings_page
from web.pages.wording import say

blueprint = Blueprint("settings_leaving", __name__, url_prefix="/settings/leaving")


@blueprint.get("")
@access.own_account
def show_leaving() -> Response:
    """Say what is deleted with the account, and ask."""
    return _leaving_page()


@blueprint.post("")
@access.form_of_account
def leave() -> Response:
    """Delete the account, when its own address was typed."""
    account = access.current_account()
    if request.form.get("email", "").strip().casefold() != account.email.casefold():
        detail = say("page.form.typeEmail", email=account.email)
        errors = [{"field": "email", "detail": detail}]
        return _leaving_page(InvalidInputError(say("page.form.accountKept"), errors=errors))
    delete_account(services().database, services().queue, account.id)
    return access.forget(page("settings/deleted.html", email=account.email))


def _leaving_page(refusal: CelltallyError | None = None) -> Response:
    account = access.current_account()
    with services().database.reading() as connection:
        totals = read_dashboard(connection, account.id)
    return settings_page("leaving", refusal=refusal, account=account, totals=totals)
