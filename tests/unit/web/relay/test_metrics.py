"""The numbers of a relay."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from shared.domain.accounts import Role
from tests.unit.web.relay.fakes import Stage
from tests.unit.web.relay.test_session import IMAGES, USER, Tab
from web.relay.metrics import Histogram, Metrics
from web.relay.metrics_page import metrics_of
from web.relay.ports import Grant

ISSUED = [
    "rt_connections",
    "rt_handshakes",
    "rt_subscriptions",
    "rt_published",
    "rt_delivered",
    "rt_conflated",
    "rt_resync",
    "rt_recovered",
    "rt_gap",
    "rt_backfill_messages",
    "rt_redis_lag_seconds",
    "rt_publish_to_send_seconds",
    "rt_client_rtt_seconds",
    "rt_queue_frames",
    "rt_queue_bytes",
    "rt_closed",
    "rt_revoke_seconds",
    "rt_pump_stall_seconds",
    "rt_redis_reconnects",
]


def figures(stage: Stage) -> dict[tuple[str, str], float]:
    """Return each sample by its name and the value of its last label."""
    families = text_string_to_metric_families(metrics_of(stage.relay).decode())
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_metric_is_there_from_the_beginning():
    """O3, realtime 4.10."""
    names = {f.name for f in text_string_to_metric_families(metrics_of(Stage().relay).decode())}

    assert names == set(ISSUED)


def test_alerts_name_only_metrics_that_there_are():
    alerts = Path(__file__).parents[4] / "deploy" / "alerts.yml"
    named = set(re.findall(r"\brt_[a-z_]+", alerts.read_text()))

    assert {re.sub("_(total|bucket)$", "", name) for name in named} <= set(ISSUED)


def test_what_is_watched_delivered_and_closed_is_counted():
    stage = Stage()
    stage.authority.grants.update(dict.fromkeys((USER, IMAGES), Grant(Role.OWNER)))
    Tab(stage).hello().sub(IMAGES)
    name = stage.relay.wake_name(IMAGES).encode()

    stage.relay.arrived(name, b'e 1 {"type":"imageStatusUpdate","ts":"2026-11-22T12:00:00.000Z"}')
    watching = figures(stage)
    stage.relay.drain(seconds=0)

    assert watching["rt_subscriptions", "event"] == 2  # With the user's own.
    assert watching["rt_published_total", "imageStatusUpdate"] == 1
    assert watching["rt_delivered_total", "event"] == 1
    assert watching["rt_redis_lag_seconds_count", ""] == 1
    assert watching["rt_publish_to_send_seconds_count", ""] == 1
    assert figures(stage)["rt_closed_total", "1012"] == 1


def test_a_message_that_says_nothing_of_its_time_is_counted_without_a_lag():
    metrics = Metrics()

    assert metrics.arrived(b'{"type":"notice"}', 0.0) is None
    assert metrics.arrived(b"{}", 0.0) is None
    assert metrics.published == {"notice": 1}


def test_a_figure_falls_into_every_bucket_from_its_bound_on():
    histogram = Histogram((1.0, 2.0))
    for figure in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(figure)

    samples = histogram.to_metric("x", "y").samples

    assert [s.value for s in samples] == [2, 3, 4, 4, 12.0]


def test_the_time_between_ping_and_pong_is_measured():
    stage = Stage()
    tab = Tab(stage).hello()

    tab.session.pulse.ask(stage.clock.now)
    stage.clock.now += 0.2
    tab.say(m="pong")

    assert figures(stage)["rt_client_rtt_seconds_bucket", "0.25"] == 1
