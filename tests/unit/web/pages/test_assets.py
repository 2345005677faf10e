from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.pages.assets import PACKAGES, Assets, blueprint, shipped
from web.pages.messages import CATALOGUES

KILOBYTE = 1000
#: The budgets of JavaScript, compressed and with its words, that each page fetches by itself.
PAGES = {
    "js/dashboard.js": 60,
    "js/projects.js": 60,
    "js/project.js": 50,
    "js/project_settings.js": 50,
    "js/results.js": 50,
    "js/exports.js": 50,
    "js/activity.js": 50,
    "js/image.js": 60,
    "js/settings.js": 15,
}
#: What a page fetches once it stands, without anybody having asked for it.
SOON = {
    "js/dashboard.js": ["js/components/Throughput.js", "js/plotting.js", "vendor/uplot.js"],
    "js/image.js": ["js/editor.js"],
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


def weight(names: list[str], language: str) -> int:
    assets = shipped()
    found = [assets.get(name, language) for name in names]
    return sum(len(asset.compressed) for asset in found if asset)


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize(("entry", "kilobytes"), PAGES.items())
def test_what_a_page_fetches_by_itself_is_within_its_budget(
    entry: str, kilobytes: int, language: str
) -> None:
    modules = [entry, *map(name_of, shipped().modules_of(entry, language)), *SOON.get(entry, [])]

    assert all(shipped().get(name) for name in modules)
    assert weight(modules, language) <= kilobytes * KILOBYTE
    assert len(modules) + len(["page", "style sheet", "font"]) <= 20


@pytest.mark.parametrize("entry", [entry for entry in PAGES if entry != "js/settings.js"])
def test_all_that_a_page_imports_is_fetched_at_once(entry: str) -> None:
    modules = {name_of(address) for address in shipped().modules_of(entry, "en")}

    assert modules >= {name for name in PACKAGES.values() if name.startswith("vendor/")}
    assert "js/core.js" in modules


def test_a_module_comes_in_the_language_that_its_address_names(client: FlaskClient) -> None:
    assets = shipped()
    address = assets.url("js/core.js", "de-AT")

    assert address == f"/assets/{assets.version}.de/js/core.js"
    assert '"tryAgain":"Noch einmal"' in client.get(address).text
    assert '"tryAgain":"Try again"' in client.get(assets.url("js/core.js", "en")).text


def test_a_style_sheet_and_a_package_have_one_address_for_all_languages() -> None:
    assets = shipped()

    for name in ("css/app.css", "vendor/preact.mjs"):
        assert assets.url(name, "de") == assets.url(name)


def test_what_changes_a_message_changes_every_address(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "page.js").write_text('t("title")')

    versions = {Assets(tmp_path, {"en": {"title": title}}).version for title in ("One", "Two")}

    assert len(versions) == 2


def test_the_font_of_the_first_view_is_within_its_budget() -> None:
    assert len(shipped()["vendor/inter-latin.woff2"].body) <= 50 * KILOBYTE


@pytest.mark.parametrize(("entry", "later"), SOON.items())
def test_what_comes_soon_is_no_part_of_the_first_view(entry: str, later: list[str]) -> None:
    modules = {name_of(address) for address in shipped().modules_of(entry, "en")}

    assert not modules & set(later)


def test_what_a_page_loads_only_when_asked_is_not_fetched_with_it() -> None:
    assert "components/NewProject.js" not in str(shipped().modules_of("js/dashboard.js", "en"))


def test_the_style_sheet_is_all_parts_in_order_within_the_budget() -> None:
    style = shipped()["css/app.css"]

    assert style.body.index(b"--accent") < style.body.index(b".measures")
    assert len(style.compressed) <= 14 * KILOBYTE
