"""Reading and writing messages."""

import contextlib
import json

import pytest
from hypothesis import given, strategies

from web.relay.protocol import (
    CloseCode,
    Hello,
    MalformedError,
    Ping,
    Sub,
    UnknownMessageError,
    Wish,
    message,
    read_message,
    with_raw,
)


def test_messages_are_read_and_fields_of_tomorrow_ignored():
    assert read_message('{"m":"hello","ticket":"t","new":1}') == Hello(m="hello", ticket="t")
    assert read_message('{"m":"ping","t":1.5}') == Ping(m="ping", t=1.5)
    assert read_message('{"m":"sub","ref":"a","subs":[{"ch":"x","since":"e:1"}]}') == Sub(
        m="sub", ref="a", subs=[Wish(ch="x", since="e:1")]
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "the message"),
        ("[1]", "the message"),
        ('{"ticket":"t"}', "the message"),
        ('{"m":["sub"]}', "the message"),
        ('{"m":"sub"}', "subs"),
        ('{"m":"sub","subs":[{}]}', "subs.0.ch"),
        ('{"m":"hello","ticket":5}', "ticket"),
        ('{"m":"unsub","chs":"all"}', "chs"),
        ('{"m":"ping","t":NaN}', "t"),
        ('{"m":"ping","t":' + "9" * 5000 + "}", "t"),
        ('{"m":"unsub","chs":[],"ref":' + "9" * 5000 + "}", "the message"),
        ('{"m":"unsub","chs":[],"ref":' + "9" * 20 + "}", "ref"),
        ('{"m":"unsub","chs":[],"ref":"\\ud800"}', "the message"),
    ],
)
def test_a_malformed_message_is_refused_and_its_fault_named(text, named):
    with pytest.raises(MalformedError, match=named):
        read_message(text)


@given(
    strategies.text()
    | strategies.recursive(
        strategies.none() | strategies.booleans() | strategies.floats() | strategies.text(),
        lambda parts: (
            strategies.lists(parts)
            | strategies.dictionaries(
                strategies.sampled_from(["m", "subs", "ch", "chs", "ref", "t", "ticket"])
                | strategies.text(),
                parts | strategies.sampled_from(["hello", "sub", "unsub", "ping", "pong"]),
            )
        ),
    ).map(json.dumps)
)
def test_nothing_that_can_be_sent_is_worse_than_malformed(text):
    with contextlib.suppress(MalformedError, UnknownMessageError):
        read_message(text)


def test_a_message_nobody_knows_is_told_apart_from_a_malformed_one():
    with pytest.raises(UnknownMessageError, match="later"):
        read_message('{"m":"later"}')


def test_what_is_none_is_left_out():
    assert message("error", ref=None, ch="a", code="c") == b'{"m":"error","ch":"a","code":"c"}'


def test_ready_made_json_is_put_in_as_it_is():
    assert json.loads(with_raw(message("subbed", ch="a"), "pubs", b"[1]"))["pubs"] == [1]


def test_the_close_codes_are_those_of_the_contract():
    assert {int(code) for code in CloseCode} == {
        *(1000, 1009, 1011, 1012),
        *(4400, 4401, 4408, 4409, 4429, 4503),
    }
