"""Signs of life, in both directions."""


def test_a_browser_that_answers_pings_stays(live):
    browser = live.signed_in(live.relay(ping_seconds=0.3, pong_seconds=5), live.alice)

    for _ in range(3):
        assert browser.hear() == {"m": "ping"}
        browser.say(m="pong")


def test_a_browser_that_answers_no_ping_is_closed(live):
    browser = live.signed_in(live.relay(ping_seconds=0.3, pong_seconds=0.3), live.alice)

    assert browser.closed() == (4408, [{"m": "ping"}])


def test_the_welcome_says_what_the_relay_expects(live, relay):
    browser = live.socket(relay)

    browser.say(m="hello", ticket=live.ticket(live.alice), proto=1, tab="t")
    welcome = browser.hear()

    assert welcome["ping"] == 25
    assert welcome["limits"] == {"channels": 100, "messagesPerSecond": 20, "messageBytes": 16384}
    assert welcome["exp"].endswith("Z")
    assert welcome["sid"]
