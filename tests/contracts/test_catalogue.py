"""Every word of the pages stands in the catalogue, and the catalogues say the same."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.runs import SENTENCES
from tests.contracts.literals import spoken_of_script, spoken_of_template
from web.pages.assets import FOLDER, shipped
from web.pages.joining import whole_of
from web.pages.messages import CATALOGUES, ENGLISH, LANGUAGES, Message, catalogue

WEB = Path(__file__).parents[2] / "web"
SCRIPTS = sorted((WEB / "static" / "js").rglob("*.js"))
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
PYTHON = sorted((WEB / "pages").rglob("*.py"))

#: The same in every language: our name, keys of the keyboard, names in protocols and of others.
NO_WORDS = {
    *("celltally", "celltally · celltally", "Accept", "Files", "Um"),
    *("Enter", "Escape", "Esc", "Tab", "Space", "Backspace", "Home", "End"),
    *("Insert", "Ctrl + Z"),
    *("Shift + click", "Ctrl + click", "Ctrl + A", "Drag"),
    *("Grey", "Red", "Green", "Blue", "Cyan", "Magenta", "Yellow"),  # Shown as colour.<name>.
    'aria-invalid="true" aria-describedby=" -hint"',  # Attributes of a macro.
}

#: What is the name of a key for these, and a word for all others.
KEYS = {"Delete": {"tools.js", "Editor.js", "shortcuts.js"}}

_KEY = re.compile(r'\b(?:t|rich|say|say_rich)\(\s*f?["\'`]([\w.-]*)')
_PLACE = re.compile(r"\{(\w+)\}")
#: Keys that are chosen by a variable: the string itself, in a table or behind a question mark.
_WHOLE = re.compile(r'["\'`]((?:[a-zA-Z_]+\.)[\w.-]+)["\'`]')
#: The beginning of a key that is put together in JavaScript, Python or Jinja.
_BEGINNING = re.compile(r'["\'`]([a-zA-Z_]+\.(?:[\w-]+\.)*)(?:\$?\{|["\']\s*~)')


def forms(message: Message) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


def used(*paths: Path) -> Iterator[str]:
    """Yield each key that is asked for, or its beginning when it is put together."""
    for path in paths:
        source = path.read_text()
        yield from _KEY.findall(source)
        yield from _WHOLE.findall(source)
        yield from _BEGINNING.findall(source)


def messages_in(module: str, language: str) -> dict[str, Message]:
    """Return what the server puts at the top of a module."""
    asset = shipped().get(module, language)
    assert asset is not None
    found = re.match(
        r"Object\.assign\(globalThis\.celltallyMessages \?\?= \{\}, (.*)\);\n", asset.body.decode()
    )
    return json.loads(found[1]) if found else {}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_module_says_words_of_its_own(path: Path) -> None:
    keys = {key for key, modules in KEYS.items() if path.name in modules}

    spoken = spoken_of_script(path.read_text())

    assert [text for text in spoken if text not in NO_WORDS | keys] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_words_of_its_own(path: Path) -> None:
    assert [text for text in spoken_of_template(path.read_text()) if text not in NO_WORDS] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_module_that_asks_for_messages_imports_what_it_asks_with(path: Path) -> None:
    source = path.read_text()
    asked = set(re.findall(r"(?<![\w.$])(t|rich|has)\([\"`]", source))
    imported = re.search(r"import \{([^}]*)\} from \"[./]*i18n\.js\"", source)

    assert path.name == "i18n.js" or asked <= set(
        re.findall(r"\w+", imported[1] if imported else "")
    )


def test_every_message_that_is_asked_for_is_there() -> None:
    known = catalogue(ENGLISH)
    asked = {
        key
        for path in (*SCRIPTS, *TEMPLATES, *PYTHON)
        for key in re.findall(r'\b(?:t|rich|say|say_rich)\("([\w.-]+)"\s*[,)]', path.read_text())
    }

    assert {key for key in asked if key not in known} == set()


def test_every_message_is_asked_for() -> None:
    asked = set(used(*SCRIPTS, *TEMPLATES, *PYTHON))
    beginnings = tuple(key for key in asked if key.endswith("."))

    unused = {
        key
        for key in catalogue(ENGLISH)
        if key not in asked and not key.startswith(beginnings) and not _is_about(key, asked)
    }

    assert unused == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_message_that_a_module_asks_for_comes_with_it(path: Path, language: str) -> None:
    asked = set(used(path))
    beginnings = tuple(key for key in asked if key.endswith("."))
    module = path.relative_to(FOLDER).as_posix()

    needed = {
        key: message
        for key, message in catalogue(language).items()
        if key in asked or (beginnings and key.startswith(beginnings))
    }

    for served in (module, whole_of(module)):
        assert needed.items() <= messages_in(served, language).items()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_key_that_is_put_together_begins_with_a_text_so_that_it_is_found(path: Path) -> None:
    assert re.findall(r"(?<![\w.$])(?:t|rich|has)\(\s*`\$\{[^`]*`", path.read_text()) == []


def _is_about(key: str, asked: set[str]) -> bool:
    """Tell whether a key is put together from one that is: conn.live.about of conn.live."""
    return key.rpartition(".")[0] in asked


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_language_has_the_same_messages_with_the_same_places(language: str) -> None:
    english, other = catalogue(ENGLISH), catalogue(language)

    assert other.keys() == english.keys()
    for key, message in english.items():
        places = {place for form in forms(message) for place in _PLACE.findall(form)}
        assert isinstance(other[key], str) == isinstance(message, str), key
        for form in forms(other[key]):
            assert set(_PLACE.findall(form)) <= places, key
        assert {p for form in forms(other[key]) for p in _PLACE.findall(form)} == places, key


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_message_that_counts_has_the_forms_one_and_other(language: str) -> None:
    for key, message in catalogue(language).items():
        if not isinstance(message, str):
            assert set(message) == {"one", "other"}, key


def test_causes_of_failures_are_told_as_the_api_tells_them() -> None:
    assert {f"failure.{code}": words for code, words in SENTENCES.items()} == {
        key: message for key, message in catalogue(ENGLISH).items() if key.startswith("failure.")
    }


@pytest.mark.parametrize(
    ("source", "spoken"),
    [
        ('html`<p title="Not this">${t("a")} or this</p>`', ["Not this", "or this"]),
        ("notify({ text: 'Nor this.' })", ["Nor this."]),
        ("fail(`It was ${name}.`) // Not a comment.", ["It was \0."]),
        ('html`<${Note} tone="bad">${x && html`<b>Deep</b>`}</${Note}>`', ["Deep"]),
        ('const a = "button small"; b.match(/A word/); c = "x-y"', []),
    ],
)
def test_words_of_a_module_are_found_wherever_they_stand(source: str, spoken: list[str]) -> None:
    assert spoken_of_script(source) == spoken


@pytest.mark.parametrize(
    ("source", "spoken"),
    [
        ("<p>{{ t('a') }} Words</p>", ["Words"]),
        ('{{ field("name", "The label") }}', ["The label"]),
        ('<a aria-label="Spoken" class="quiet">{# No words. #}</a>', ["Spoken"]),
        ("<script>const words = 1</script><code>typed</code>", []),
    ],
)
def test_words_of_a_template_are_found_wherever_they_stand(source: str, spoken: list[str]) -> None:
    assert spoken_of_template(source) == spoken
