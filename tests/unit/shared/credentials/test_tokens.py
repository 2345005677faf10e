"""Secrets that we hand out."""

from shared.credentials.tokens import csrf_token, hash_of, is_csrf_token, new_api_token

KEY = "a key of the tests"


def test_tokens_differ_and_can_be_recognised():
    first, second = new_api_token(), new_api_token()

    assert first != second
    assert first.startswith("ctly_")
    assert hash_of(first) != hash_of(second)


def test_a_csrf_token_belongs_to_one_login_and_one_installation():
    token = csrf_token("login", KEY)

    assert is_csrf_token(token, "login", KEY)
    assert not is_csrf_token(token, "another login", KEY)
    assert not is_csrf_token(token, "login", "another key")
    assert not is_csrf_token("", "login", KEY)
    assert not is_csrf_token("žádný", "login", KEY)
