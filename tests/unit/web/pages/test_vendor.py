import json
import re
from pathlib import Path

from tools import vendor
from web.pages.assets import FOLDER, PACKAGES

TEMPLATES = FOLDER.parent / "templates"


def test_every_vendored_file_is_what_the_lock_says() -> None:
    assert vendor.differences() == []


def test_no_vendored_file_is_missing_from_the_lock() -> None:
    locked = {
        place
        for entry in json.loads((vendor.ROOT / vendor.LOCK).read_text())
        for place in entry["files"]
    }
    present = {
        path.relative_to(vendor.ROOT).as_posix()
        for folder in (vendor.SHIPPED, vendor.TESTING)
        for path in (vendor.ROOT / folder).rglob("*")
        if path.is_file()
    }

    assert present - locked == {vendor.LOCK.as_posix()}


def test_the_import_map_names_only_vendored_modules() -> None:
    assert all((FOLDER / path).is_file() for path in PACKAGES.values())


def test_third_party_lists_every_package() -> None:
    assert (vendor.ROOT / vendor.NOTICE).read_text() == vendor.notice()


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    sources = [*FOLDER.glob("js/**/*.js"), *TEMPLATES.glob("*.html")]
    used = {name for path in sources for name in icons_in(path)}

    assert used <= set(vendor.ICONS)


def icons_in(path: Path) -> list[str]:
    pattern = r'(?:Icon\} name="|icon: "|icon="|icon\("|tool\(")([a-z-]+)"'
    return re.findall(pattern, path.read_text())
