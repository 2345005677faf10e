import pytest

from web.pages.speaking import messages_of, speaking

CATALOGUE = {
    "close": "Close",
    "image.count": {"one": "{count} image", "other": "{count} images"},
    "page.title": "For templates",
    "state.done": "Done",
    "state.done.about": "All of it",
    "title": "Title",
}


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ('t("close")', ["close"]),
        ("t(many ? 'image.count' : `close`, { count })", ["close", "image.count"]),
        ('const NEWS = { done: "state.done" }; t(NEWS[word])', ["state.done"]),
        ("t(`state.${word}.about`)", ["state.done", "state.done.about"]),
        ('t("state." + word)', ["state.done", "state.done.about"]),
        ('close(); draw(title); say("closed", "for state")', []),
        ('t("page.title"); t(`page.${word}`)', []),
    ],
)
def test_a_module_has_the_messages_whose_keys_or_their_beginnings_stand_in_it(
    source: str, keys: list[str]
) -> None:
    assert list(messages_of(source, CATALOGUE)) == keys


def test_the_messages_stand_before_all_that_the_module_does() -> None:
    spoken = speaking('import { t } from "./i18n.js";\nt("image.count");\n', CATALOGUE)

    assert spoken == (
        "Object.assign(globalThis.celltallyMessages ??= {}, "
        '{"image.count":{"one":"{count} image","other":"{count} images"}});\n'
        'import { t } from "./i18n.js";\nt("image.count");\n'
    )


def test_a_module_that_says_nothing_is_served_as_it_is() -> None:
    assert speaking("export const SIDE = 64;\n", CATALOGUE) == "export const SIDE = 64;\n"
