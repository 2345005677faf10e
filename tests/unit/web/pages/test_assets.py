from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.pages.assets import PACKAGES, Assets, blueprint, shipped

KILOBYTE = 1000
#: The budgets of JavaScript, compressed, of each page's first view.
PAGES = {
    "js/dashboard.js": 60,
    "js/projects.js": 60,
    "js/project.js": 50,
    "js/exports.js": 50,
    "js/activity.js": 50,
    "js/image.js": 60,
}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("pages")
    app.register_blueprint(blueprint)
    return app.test_client()


def name_of(address: str) -> str:
    return address.split("/", 3)[3]


def test_an_address_of_this_version_is_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get(shipped().url("js/events.js"))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/javascript; charset=utf-8"


def test_an_address_of_another_version_gets_our_file_but_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/assets/of-another-release/js/events.js")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["js/absent.js", "../app.py", "vendor/vendor.lock.json"])
def test_what_is_no_asset_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/assets/{shipped().version}/{name}").status_code == 404


def test_text_is_compressed_for_those_who_take_it_and_fonts_are_not(client: FlaskClient) -> None:
    takes_gzip = {"Accept-Encoding": "gzip"}

    style = client.get(shipped().url("css/app.css"), headers=takes_gzip)
    font = client.get(shipped().url("vendor/inter-latin.woff2"), headers=takes_gzip)

    assert style.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in font.headers


def test_a_changed_file_changes_every_address(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "10-a.css").write_text("a{}")
    (tmp_path / "page.js").write_text("1")
    before = Assets(tmp_path).url("page.js")

    (tmp_path / "css" / "10-a.css").write_text("b{}")

    assert Assets(tmp_path).url("page.js") != before


def test_a_name_that_is_not_there_is_an_error_where_the_page_is_made() -> None:
    with pytest.raises(KeyError):
        shipped().url("js/absent.js")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("entry", "kilobytes"), PAGES.items())
def test_all_that_a_page_imports_is_fetched_at_once_and_within_its_budget(
    entry: str, kilobytes: int, language: str
) -> None:
    assets = shipped()
    modules = [entry, *map(name_of, assets.modules_of(entry, language))]

    weight = sum(len(assets[name].compressed) for name in modules)

    assert set(PACKAGES.values()) <= set(modules)
    assert "js/core.js" in modules
    assert f"messages/{language}.js" in modules
    assert weight <= kilobytes * KILOBYTE
    assert len(modules) + len(["page", "style sheet", "font"]) <= 20


def test_a_page_of_the_account_has_little_script() -> None:
    assets = shipped()
    modules = ["js/settings.js", *map(name_of, assets.modules_of("js/settings.js", "en"))]

    assert sum(len(assets[name].compressed) for name in modules) <= 15 * KILOBYTE


def test_the_font_of_the_first_view_is_within_its_budget() -> None:
    assert len(shipped()["vendor/inter-latin.woff2"].body) <= 50 * KILOBYTE


def test_the_chart_is_no_part_of_the_first_view_and_the_dashboard_has_room_for_it() -> None:
    assets = shipped()
    modules = ["js/dashboard.js", *map(name_of, assets.modules_of("js/dashboard.js", "en"))]
    later = ["js/components/Throughput.js", "js/plotting.js", "vendor/uplot.js"]

    assert not set(later) & set(modules)
    assert sum(len(assets[name].compressed) for name in later) <= 26 * KILOBYTE


def test_the_image_page_with_its_editor_is_within_the_budget_of_a_viewer() -> None:
    """The code; the catalogue has the words of every page and is held by itself."""
    assets = shipped()
    names = ["js/image.js", *map(name_of, assets.modules_of("js/image.js", "en")), "js/editor.js"]

    code = [name for name in names if not name.startswith("messages/")]
    assert sum(len(assets[name].compressed) for name in code) <= 60 * KILOBYTE


def test_what_a_page_loads_only_when_asked_is_not_fetched_with_it() -> None:
    assert "components/NewProject.js" not in str(shipped().modules_of("js/dashboard.js", "en"))


def test_the_style_sheet_is_all_parts_in_order_within_the_budget() -> None:
    style = shipped()["css/app.css"]

    assert style.body.index(b"--accent") < style.body.index(b".measures")
    assert len(style.compressed) <= 14 * KILOBYTE
