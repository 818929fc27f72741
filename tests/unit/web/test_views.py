"""What may leave the gateway, to whom."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hyperpersonal_core.api import Event
from hyperpersonal_web.http.views import contact_frame, for_contact, for_member

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def event(kind: Any, source: Any = "agent", **body: Any) -> Event:
    return Event(3, UUID(int=3), source, kind, body, AT, "x1", UUID(int=9))


@pytest.mark.parametrize("kind", ["message", "handoff", "status"])
def test_that_shoppers_see_what_is_said_to_them(kind: str) -> None:
    seen = for_contact(event(kind, text="hello"))
    assert seen is not None
    assert (seen["text"], seen["offset"]) == ("hello", 3)


@pytest.mark.parametrize("kind", ["note", "action", "delivery"])
def test_that_shoppers_never_see_notes_and_actions(kind: str) -> None:
    assert for_contact(event(kind, source="member", text="a secret")) is None
    assert contact_frame([event(kind, text="a secret")]) == ""


def test_that_shoppers_do_not_see_what_an_answer_stands_on() -> None:
    seen = for_contact(event("message", text="hello", evidence=["x"], confidence=0.4, agents=["a"]))
    assert seen is not None
    assert not {"evidence", "confidence", "agents", "turn_id", "body"} & seen.keys()


def test_that_only_ones_own_message_carries_its_id_back() -> None:
    own = for_contact(event("message", source="contact", text="hi"))
    other = for_contact(event("message", source="member", text="hi"))
    assert own is not None
    assert other is not None
    assert own["external_id"] == "x1"
    assert "external_id" not in other


def test_that_staff_sees_everything() -> None:
    seen = for_member(event("note", source="member", text="a secret", more=1))
    assert seen["body"] == {"text": "a secret", "more": 1}
    assert seen["turn_id"].startswith("trn_")


def test_that_a_frame_tells_the_newest_offset_even_of_what_is_hidden() -> None:
    hidden = Event(4, UUID(int=4), "member", "note", {"text": "n"}, AT)
    frame = json.loads(contact_frame([event("message", text="hello"), hidden]))
    assert (frame["type"], frame["newest"], len(frame["events"])) == ("events", 4, 1)
