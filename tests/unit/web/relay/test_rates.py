"""How much one socket may send."""

from web.relay.rates import Bucket


def test_a_burst_passes_and_then_the_steady_rate():
    bucket = Bucket(rate=2, burst=3, now=0)

    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]


def test_a_long_silence_saves_up_one_burst_at_most():
    bucket = Bucket(rate=2, burst=3, now=0)

    assert sum(bucket.take(1000) for _ in range(10)) == 3
