"""The HTML pages: one module a page, islands of JavaScript drawn from the values of REST."""

from flask import Flask

from web.pages import (
    accounts,
    activity,
    assets,
    dashboard,
    exports,
    image,
    invitation,
    mosaic,
    project,
    project_results,
    projects,
    settings,
)
from web.pages.rendering import register_rendering

PARTS = (
    accounts,
    assets,
    dashboard,
    activity,
    projects,
    project,
    project_results,
    exports,
    image,
    invitation,
    mosaic,
    *settings.PARTS,
)


def register_pages(app: Flask) -> None:
    """Give *app* its pages and what they are made of."""
    register_rendering(app)
    for part in PARTS:
        app.register_blueprint(part.blueprint)
