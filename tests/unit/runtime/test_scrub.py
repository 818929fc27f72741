"""No form of a credential that a server is likely to give comes through, however it is cut."""

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hyperpersonal_runtime.egress.scrub import SCRUBBED, Scrubber
from hypothesis import given
from hypothesis import strategies as st

SECRET = 'sk-ab/cd+"7_~x<9&'
VALUE = f"Bearer {SECRET}"

Form = Callable[[str], bytes]
FORMS: list[Form] = [
    lambda s: s.encode(),
    lambda s: json.dumps(s).encode(),
    lambda s: json.dumps(json.dumps({"you sent": s})).encode(),
    lambda s: json.dumps(s).replace("/", "\\/").encode(),
    lambda s: html.escape(s).encode(),
    lambda s: quote(s, safe="").encode(),
    lambda s: quote(s).encode(),
    lambda s: quote_plus(s).encode(),
    lambda s: re.sub("%..", lambda found: found[0].lower(), quote(s, safe="")).encode(),
    lambda s: s.encode().hex().encode(),
    lambda s: s.encode().hex().upper().encode(),
    lambda s: base64.b64encode(s.encode()),
    lambda s: base64.urlsafe_b64encode(s.encode()),
    lambda s: base64.b64encode(b"user:" + s.encode() + b"?"),
    lambda s: base64.b64encode(b"abc" + s.encode() + b"ab"),
    lambda s: base64.urlsafe_b64encode(b"{" + s.encode() + b"}"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("said", [SECRET, VALUE])
def test_that_no_form_comes_through(form: Form, said: str) -> None:
    shown = Scrubber([VALUE]).whole(b"before " + form(said) + b" after")
    assert SCRUBBED in shown
    assert not _found(shown, SECRET), shown
    assert shown.startswith(b"before ")
    assert shown.endswith(b" after")


secrets = st.text(st.sampled_from("ab/+%&\"'<~_-.:=9Z"), min_size=8, max_size=24)


@given(secrets, st.sampled_from(FORMS), st.binary(max_size=40), st.lists(st.integers(1, 30)))
def test_that_no_cut_of_a_stream_shows_one(
    secret: str, form: Form, around: bytes, cuts: list[int]
) -> None:
    data = around + form(secret) + around + form(secret)[:5]
    scrubber, shown, at = Scrubber([f"Bearer {secret}"]), b"", 0
    for size in [*cuts, len(data)]:
        shown += scrubber.feed(data[at : at + size])
        at += size
    shown += scrubber.end()
    assert not _found(shown, secret)
    assert SCRUBBED in shown


def test_that_the_password_of_basic_is_hidden_too() -> None:
    value = "Basic " + base64.b64encode(b"shop:hunter22").decode()
    assert Scrubber([value]).whole(b"hello hunter22") == b"hello " + SCRUBBED


def test_that_ordinary_words_stay() -> None:
    text = b'{"scheme": "Bearer", "text": "a b c"}'
    assert Scrubber(["Bearer abc", "Bearer sk-12345678"]).whole(text) == text
    assert Scrubber([]).feed(text) == text


def test_that_the_start_of_a_credential_at_the_end_stays_hidden() -> None:
    scrubber = Scrubber(["sk-12345678"])
    assert scrubber.feed(b"it is sk-1234") + scrubber.end() == b"it is " + SCRUBBED


def _found(shown: bytes, secret: str) -> bool:
    return any(form(secret) in shown for form in FORMS[:13])
