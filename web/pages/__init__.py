"""The HTML pages: one module a page, islands of JavaScript drawn from the values of REST."""

from flask import Flask

from web.pages import accounts, assets, dashboard, display, image, project
from web.pages.rendering import register_rendering

PARTS = (accounts, assets, dashboard, project, image, display)


def register_pages(app: Flask) -> None:
    """Give *app* its pages and what they are made of."""
    register_rendering(app)
    for part in PARTS:
        app.register_blueprint(part.blueprint)
