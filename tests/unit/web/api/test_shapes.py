"""Rows as the objects of the API."""

import pytest

from shared.database.waiting import Place
from web.api.shapes import waiting_json


def place(**fields):
    known = {
        "position": 1,
        "people": 1,
        "workers": 1,
        "able": 1,
        "slots": 2,
        "dispatched": False,
        "led": True,
        "broker_failed_since": None,
        "pause_seconds": 0,
        "retried_because": None,
        "megapixels": 1.0,
        "megapixels_before": 0.0,
        "quick": None,
        "slow": None,
    }
    return Place(**known | fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"workers": 0, "slots": 0}, "No worker is online"),
        ({"pause_seconds": 9}, "The next attempt begins in 9 s"),
        ({}, "as soon as a worker is free"),
        ({"position": 2}, "1 image of 1 person is before it; 1 worker is online."),
        (
            {"position": 1201, "workers": 3},
            "1,200 images of 1 person are before it; 3 workers are online.",
        ),
        ({"position": 3, "dispatched": True}, "as soon as a worker is free"),
    ],
)
def test_why_an_image_waits_is_said_in_words(fields, words):
    assert words in waiting_json(place(**fields)).reason


def test_an_estimate_spans_quick_and_slow_runs():
    waiting = waiting_json(place(megapixels_before=10.0, quick=1.0, slow=4.0))

    assert waiting.eta_seconds == (6, 28)


@pytest.mark.parametrize("fields", [{"slots": 0, "quick": 1.0, "slow": 2.0}, {}])
def test_where_nobody_can_tell_there_is_no_estimate(fields):
    assert waiting_json(place(**fields)).eta_seconds is None
