"""The catalogues of the pages."""

import re

import pytest

from web.pages.messages import (
    CATALOGUES,
    PSEUDO,
    catalogue,
    catalogue_of,
    pseudo,
    translated,
)


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "en"), ("en-GB", "en"), ("de", "de"), ("de-AT", "de"), ("tlh", "en"), (PSEUDO, PSEUDO)],
)
def test_a_language_of_a_country_has_the_words_of_its_language(language: str, name: str) -> None:
    assert catalogue_of(language) == name


def test_values_stand_in_their_places_and_count_chooses_the_form() -> None:
    assert translated("en", "kpi.workers", count=1) == "1 worker online"
    assert translated("en-GB", "kpi.workers", count=12_000) == "12,000 workers online"
    assert translated("de-AT", "kpi.workers", count=12_000) == "12.000 Worker sind da"
    assert translated("en", "card.bar", title="{count}") == "Segmented images of {count}"


def test_what_is_not_there_is_an_error_where_the_page_is_made() -> None:
    with pytest.raises(KeyError):
        translated("en", "no.such.message")


def test_the_pseudo_locale_is_longer_accented_and_keeps_the_places() -> None:
    written = pseudo("{count} images of {title}")

    assert written == "[{count} îmågêš øf {title}~~~~]"
    assert re.findall(r"\{\w+\}", written) == ["{count}", "{title}"]


def test_keys_are_sorted_so_that_two_who_add_messages_seldom_meet() -> None:
    for name in CATALOGUES:
        assert list(catalogue(name)) == sorted(catalogue(name))
