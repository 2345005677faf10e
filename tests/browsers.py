"""Browsers of people who are signed in."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from shared.credentials.tokens import csrf_token
from shared.domain.accounts import Account
from tests.factories import begin_login
from web.access import COOKIE, SAFE_METHODS
from web.services import Services


class Browser(FlaskClient):
    """A browser that sends the CSRF token along, as our pages do."""

    csrf: str | None = None

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if self.csrf is not None and kwargs.get("method", "GET") not in SAFE_METHODS:
            kwargs["headers"] = {"X-CSRF-Token": self.csrf, **dict(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)


def browser_of(app: Flask, account: Account | None) -> Browser:
    """Return the browser of an account; None is a stranger's."""
    browser = Browser(app, app.response_class, use_cookies=True)
    if account is not None:
        services: Services = app.extensions["celltally"]
        token = begin_login(services.database, account)
        browser.set_cookie(COOKIE, token)
        browser.csrf = csrf_token(token, services.settings.signing_key)
    return browser
