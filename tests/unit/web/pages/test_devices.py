"""What a login is called in the list of its owner."""

from functools import partial

import pytest

from web.pages.devices import device_of
from web.pages.messages import translated

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/156.0 Safari/537.36", "Chrome on Linux"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/156.0 Safari/537.36 Edg/156.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Gecko/20100101 Firefox/150.0",
            "Firefox on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        (f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} Chrome/156.0 Mobile", "Chrome on Android"),
        ("Mozilla/5.0 Firefox/150.0", "Firefox"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("", "An unknown program"),
    ],
)
def test_browsers_go_by_their_name_and_scripts_by_theirs(user_agent, words):
    assert device_of(user_agent, partial(translated, "en")) == words
