from pathlib import Path

import pytest

from tests.contracts.literals import texts
from web.pages.assets import FOLDER
from web.pages.trimming import trimmed

MODULES = sorted((FOLDER / "js").rglob("*.js"))


def test_comments_and_what_sets_a_module_stay_with_us():
    source = (
        '// Why.\n/**\n * How.\n */\nconst url = "http://a"; // Here.\n\n'
        "function draw() {\n  // There.\n  return url;\n}\n"
    )

    assert trimmed(source) == 'const url = "http://a";\nfunction draw() {\nreturn url;\n}\n'


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_only_html_runs_over_lines_so_that_no_text_is_changed(path: Path):
    spoken = texts(path.read_text())

    assert [text for kind, text in spoken if kind != "html" and "\n" in text] == []
