"""Parts of JavaScript that are served as one module."""

import re

import pytest

from web.pages.assets import FOLDER, shipped
from web.pages.joining import WHOLES, JoiningError, joined, place_of, whole_of

VIEWER = "js/viewer.js"
EXPORTED = re.compile(r"^export (?:async )?(?:const|let|function\*?|class) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r'\b(?:from|import) ?\(?"(\.[^"]+)"')


def parts_of(whole: str) -> list[str]:
    names = (path.relative_to(FOLDER).as_posix() for path in (FOLDER / "js").rglob("*.js"))
    return [name for name in names if whole_of(name) == whole]


def source(name: str) -> str:
    return shipped()[name].body.decode()


def test_a_part_stands_after_those_that_it_imports():
    whole = joined(
        VIEWER,
        {
            "js/viewer/a.js": 'import { b } from "./b.js";\nexport const a = b();\n',
            "js/viewer/b.js": 'import { c } from "./c.js";\nexport const b = () => c;\n',
            "js/viewer/c.js": "export const c = 1;\n",
        },
    )

    assert whole == "export const c = 1;\n\nexport const b = () => c;\n\nexport const a = b();\n"


def test_what_lies_outside_is_imported_once_from_where_the_whole_lies():
    whole = joined(
        VIEWER,
        {
            "js/viewer/a.js": 'import htm from "htm";\nimport { h } from "preact";\n',
            "js/viewer/b.js": 'import { h, render } from "preact";\n'
            'import { maker } from "../asking.js";\n',
        },
    )

    assert whole.split("\n")[:3] == [
        'import htm from "htm";',
        'import { maker } from "./asking.js";',
        'import { h, render } from "preact";',
    ]


def test_what_is_a_part_of_another_whole_comes_from_that_whole():
    part = 'import { boxOf } from "../viewer/shapes.js";\nimport { t } from "../i18n.js";\n'

    whole = joined("js/editor.js", {"js/editor/a.js": part})

    assert re.findall(r'"(.*)"', whole) == ["./core.js", "./viewer.js"]


def test_what_is_loaded_later_is_called_from_where_the_whole_lies():
    part = 'export const load = () => import("../uploads/client.js");\n'

    assert 'import("./uploads/client.js")' in joined(VIEWER, {"js/viewer/a.js": part})


def test_what_a_part_passes_on_the_other_part_exports_already():
    whole = joined(
        VIEWER,
        {
            "js/viewer/a.js": 'import { b } from "./b.js";\nexport { b };\n',
            "js/viewer/b.js": "export const b = 1;\n",
        },
    )

    assert whole.count("export") == 1


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (["export default 1;\n"], "export default 1;"),
        (['export { b } from "./b.js";\n'], 'export { b } from "./b.js";'),
        (['import * as all from "preact";\n'], 'import * as all from "preact";'),
        (['import "./b.js";\n'], 'import "./b.js";'),
        (['import { h as make } from "preact";\n'], "h as make"),
        (['const here = new URL("./b.js", import.meta.url);\n'], "import.meta.url"),
        (['import { c } from "./1.js";\n', "const c = 1;\n"], "none of the other parts exports c"),
        (
            ["const x = 1;\n", "function x() {}\n"],
            "x would be of js/viewer/0.js and of js/viewer/1",
        ),
        (
            ['import { h } from "preact";\n', "class h {}\n"],
            "h would be of preact and of js/viewer/1",
        ),
        (['import { b } from "preact";\nexport { b };\n'], "none of the other parts exports b"),
        (
            [
                'import { b } from "./1.js";\nexport const a = b;\n',
                'import { a } from "./0.js";\nexport const b = a;\n',
            ],
            "parts import each other",
        ),
    ],
)
def test_what_cannot_be_joined_stops_the_start_and_says_why(parts: list[str], told: str):
    with pytest.raises(JoiningError, match=re.escape(told)) as refusal:
        joined(VIEWER, {f"js/viewer/{at}.js": part for at, part in enumerate(parts)})

    assert "js/viewer/" in str(refusal.value)


@pytest.mark.parametrize("whole", WHOLES)
def test_a_whole_exports_all_that_its_parts_do_and_imports_none_of_them(whole: str):
    exported = {name for part in parts_of(whole) for name in EXPORTED.findall(source(part))}
    imported = {place_of(whole, wanted) for wanted in IMPORTED.findall(source(whole))}

    assert len(parts_of(whole)) > 1
    assert sorted(EXPORTED.findall(source(whole))) == sorted(exported)
    assert all(shipped().get(name) for name in imported)
    assert not {name for name in imported if whole_of(name) == whole}


def test_every_part_leads_to_its_whole_and_is_there_by_itself():
    assets = shipped()
    imports = assets.import_map("en")["imports"]

    for whole in WHOLES:
        for part in parts_of(whole):
            assert imports[assets.url(part, "en")] == assets.url(whole, "en")


@pytest.mark.parametrize(
    ("importer", "wanted", "place"),
    [
        ("js/hooks.js", "./ui.js", "js/ui.js"),
        ("js/components/Toasts.js", "../ui.js", "js/ui.js"),
        ("js/hooks.js", "./components/Toasts.js", "js/components/Toasts.js"),
        ("js/hooks.js", "preact/hooks", "preact/hooks"),
    ],
)
def test_a_place_is_seen_from_the_importer(importer: str, wanted: str, place: str):
    assert place_of(importer, wanted) == place
