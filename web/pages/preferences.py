"""How somebody wants to see the pages: kept with the account, so on every device."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from web.pages.messages import PSEUDO

#: Empty is the choice of the device. Each is offered as `page.theme.<value>`.
THEMES = ("", "light", "dark")

#: Languages, each in its own words; after the hyphen whose numbers and dates it has.
LANGUAGES = MappingProxyType(
    {
        "de": "Deutsch",
        "de-AT": "Deutsch (Österreich)",
        "de-CH": "Deutsch (Schweiz)",
        "en": "English",
        "en-AU": "English (Australia)",
        "en-CA": "English (Canada)",
        "en-DE": "English (Germany)",
        "en-IN": "English (India)",
        "en-IE": "English (Ireland)",
        "en-SE": "English (Sweden)",
        "en-CH": "English (Switzerland)",
        "en-GB": "English (United Kingdom)",
        "en-US": "English (United States)",
    }
)

#: Not offered; those who test pages choose it over the API.
_KNOWN = frozenset({*LANGUAGES, PSEUDO})


def looks_of(preferences: Mapping[str, Any]) -> dict[str, str]:
    """Return theme and language; what is not known is empty: as the browser has it."""
    theme, language = str(preferences.get("theme")), str(preferences.get("language"))
    return {
        "theme": theme if theme in THEMES else "",
        "language": language if language in _KNOWN else "",
    }
