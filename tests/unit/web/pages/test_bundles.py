import pytest

from web.pages.assets import shipped
from web.pages.bundles import BUNDLES, BundleError, bundled, without_comments

VIEWER = "js/viewer.js"


def test_modules_become_one_with_what_they_import_first():
    whole = bundled(
        VIEWER,
        {
            "js/viewer/a.js": 'import { b as c } from "./b.js";\nexport const a = c + 1;\n',
            "js/viewer/b.js": 'import { h } from "preact";\nexport function b() { return h; }\n',
        },
    )

    assert whole.index("function b") < whole.index("const a = c + 1")
    assert "const { b: c } = $b;" in whole
    assert whole.startswith('import * as $from0 from "preact";')
    assert "export const { a } = $a;" in whole


def test_what_lies_outside_is_asked_for_from_where_the_whole_lies():
    whole = bundled(
        VIEWER,
        {
            "js/viewer/a.js": 'import { html } from "../ui.js";\nexport const a = html;\n',
            "js/viewer/b.js": 'import { Icon } from "../ui.js";\nexport const b = Icon;\n',
        },
    )

    assert whole.count('import * as $from0 from "./ui.js";') == 1
    assert "import" not in whole.replace("import * as $from0", "", 1)


def test_what_another_bundle_has_comes_from_that_bundle():
    source = 'import { boxOf } from "../viewer/shapes.js";\nexport const box = boxOf;\n'

    assert '"./viewer.js"' in bundled("js/editor.js", {"js/editor/a.js": source})


@pytest.mark.parametrize(
    "parts",
    [
        {"js/viewer/a.js": "export default 1;\n"},
        {"js/viewer/a.js": 'import all from "preact";\n'},
        {"js/viewer/a.js": 'export { b } from "./b.js";\n', "js/viewer/b.js": ""},
        {"js/viewer/a.js": "export const x = 1;\n", "js/viewer/b.js": "export const x = 2;\n"},
        {
            "js/viewer/a.js": 'import { b } from "./b.js";\nexport const a = b;\n',
            "js/viewer/b.js": 'import { a } from "./a.js";\nexport const b = a;\n',
        },
    ],
)
def test_what_cannot_be_put_together_stops_the_start(parts):
    with pytest.raises(BundleError):
        bundled(VIEWER, parts)


def test_comments_stay_with_us():
    source = '// Why.\n/**\n * How.\n */\nconst url = "http://a"; // Here.\n  // There.\n'

    assert without_comments(source) == 'const url = "http://a";\n'


def test_a_folder_is_served_as_one_file_and_each_module_by_itself():
    assets = shipped()

    assert VIEWER in BUNDLES
    assert assets.get(VIEWER) is not None
    assert assets.get("js/viewer/view.js") is not None
