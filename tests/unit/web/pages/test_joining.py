"""Parts of JavaScript that are served as one module."""

import re
from collections import defaultdict

import pytest

from web.pages.assets import PACKAGES, shipped
from web.pages.joining import IMPORT, WHOLE_OF, WHOLES, joined, place_of

TOP_LEVEL = re.compile(
    r"^(?:export )?(?:async )?(?:const|let|function\*?|class) (\w+|\{[^}]*\}|\[[^\]]*\])",
    re.MULTILINE,
)


def listed(found: "re.Match[str]") -> list[str]:
    return [found["whole"]] if found["whole"] else found["some"].split(",")


def source(name: str) -> str:
    return shipped()[name].body.decode()


@pytest.mark.parametrize("whole", WHOLES)
def test_no_name_stands_in_two_parts_or_is_also_imported(whole: str) -> None:
    places = defaultdict(set)
    for part in WHOLES[whole]:
        for declared in TOP_LEVEL.findall(source(part)):
            for name in re.findall(r"\w+", declared):
                places[name].add(part)
    imported = {name.strip() for found in IMPORT.finditer(source(whole)) for name in listed(found)}

    assert {name: found for name, found in places.items() if len(found) > 1} == {}
    assert imported & places.keys() == set()


@pytest.mark.parametrize("part", WHOLE_OF)
def test_a_part_imports_by_the_names_that_are_exported(part: str) -> None:
    imports = list(IMPORT.finditer(source(part)))

    assert len(imports) == len(re.findall(r"^import\b", source(part), re.MULTILINE))
    for found in imports:
        of = found["of"]
        known = of == "messages" or of in PACKAGES or shipped().get(place_of(part, of))
        assert known, of
        assert " as " not in (found["some"] or "")


@pytest.mark.parametrize("whole", WHOLES)
def test_the_whole_has_everything_the_parts_export_and_imports_no_part(whole: str) -> None:
    exported = re.compile(r"^export (?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
    names = {name for part in WHOLES[whole] for name in exported.findall(source(part))}
    places = {place_of(whole, found["of"]) for found in IMPORT.finditer(source(whole))}

    assert set(exported.findall(source(whole))) == names
    assert places & set(WHOLES[whole]) == set()


def test_what_is_loaded_later_is_found_from_the_place_of_the_whole() -> None:
    for whole in WHOLES:
        for wanted in re.findall(r'\bimport\("(\.[^"]+)"\)', source(whole)):
            assert shipped().get(place_of(whole, wanted)), wanted


def test_a_part_stands_after_those_it_imports_and_packages_are_imported_once() -> None:
    parts = dict.fromkeys(WHOLES["js/core.js"], "")
    parts["js/ui.js"] = (
        'import { h } from "preact";\nimport { t } from "./i18n.js";\nexport const b = t;\n'
    )
    parts["js/i18n.js"] = (
        'import { h, render } from "preact";\nexport const t = 1;\nexport { h } from "./x.js";\n'
    )

    whole = joined("js/core.js", parts.__getitem__).decode()

    assert whole.index("const t") < whole.index("const b")
    assert whole.count("preact") == 1
    assert 'import { h, render } from "preact";' in whole
    assert "./x.js" not in whole


def test_every_part_leads_to_its_whole() -> None:
    assets = shipped()
    imports = assets.import_map("en")["imports"]

    assert all(imports[assets.url(part)] == assets.url(whole) for part, whole in WHOLE_OF.items())


@pytest.mark.parametrize(
    ("importer", "wanted", "place"),
    [
        ("js/hooks.js", "./ui.js", "js/ui.js"),
        ("js/components/Toasts.js", "../ui.js", "js/ui.js"),
        ("js/hooks.js", "./components/Toasts.js", "js/components/Toasts.js"),
    ],
)
def test_a_place_is_seen_from_the_importer(importer: str, wanted: str, place: str) -> None:
    assert place_of(importer, wanted) == place
