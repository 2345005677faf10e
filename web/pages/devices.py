"""What a login was made with, in the few words by which its owner knows it again."""

from collections.abc import Callable

#: The first mark that a browser's User-Agent holds tells; most claim to be others as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str, say: Callable[..., str]) -> str:
    """Return words such as "Firefox on Windows" or, of a script, "python-httpx".

    *say* gives a message of the catalogue, as `web.pages.wording.say` does.
    """
    browser = _first(BROWSERS, user_agent)
    if browser is None:
        return user_agent.partition("/")[0].strip() or say("page.device.unknown")
    system = _first(SYSTEMS, user_agent)
    return browser if system is None else say("page.device", browser=browser, system=system)


def _first(marks: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((word for mark, word in marks if mark in user_agent), None)
