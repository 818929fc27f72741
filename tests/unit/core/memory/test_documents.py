import json

import pytest
from hyperpersonal_core.kit.errors import RefusedError, TooLargeError
from hyperpersonal_core.memory.chunks import PASSAGE_CHARS_MAX, Chunk, chunks_of
from hyperpersonal_core.memory.documents import (
    DOCUMENT_BYTES_MAX,
    Document,
    Section,
    read_documents,
)
from hypothesis import example, given
from hypothesis import strategies as st


def test_that_markdown_keeps_headings_with_their_text() -> None:
    (document,) = read_documents(
        "returns.md", b"# Returns\n\nFree.\n\n## How\n\n1. Pack\n2. Send\n"
    )
    assert document.external_id == "returns.md"
    assert document.title == "Returns"
    assert document.sections == (Section("Returns", "Free."), Section("How", "1. Pack\n2. Send"))


def test_that_a_hash_inside_code_is_no_heading() -> None:
    (document,) = read_documents("a.md", b"# A\n\n```\n# not a heading\n```\n")
    assert [section.heading for section in document.sections] == ["A"]
    assert "# not a heading" in document.sections[0].text


def test_that_html_gives_its_text_without_scripts_and_menus() -> None:
    page = b"""<html><head><title>Shipping</title><style>p{}</style></head><body>
      <nav>Home</nav><h1>Costs</h1><p>Five <b>euros</b>.</p><ul><li>Fast</li><li>Slow</li></ul>
      loose words<script>alert(1)</script><h2>Abroad</h2><div>On request</div></body></html>"""
    (document,) = read_documents("shipping.html", page)
    assert document.title == "Shipping"
    assert document.sections == (
        Section("Costs", "Five euros .\n\nFast\n\nSlow\n\nloose words"),
        Section("Abroad", "On request"),
    )


def test_that_plain_text_takes_its_first_line_as_title() -> None:
    (document,) = read_documents("hours.txt", b"Opening hours\n\nNine to five.")
    assert (document.title, document.sections) == ("Opening hours", (Section("", "Nine to five."),))
    (single,) = read_documents("hours.txt", b"Nine to five.")
    assert (single.title, single.sections[0].text) == ("hours", "Nine to five.")


def test_that_nul_is_left_out_and_line_separators_stand_in_a_text() -> None:
    (document,) = read_documents("a.md", b"# A\x00B\n\none\x00two")
    assert (document.title, document.sections[0].text) == ("AB", "onetwo")
    row = {"id": "a", "title": "A", "text": "one\u2028two"}
    (line,) = read_documents("k.jsonl", json.dumps(row, ensure_ascii=False).encode())
    assert "two" in line.sections[0].text


def test_that_json_lines_keep_procedures_step_by_step() -> None:
    row = {
        "id": "refund",
        "title": "Refunds",
        "agent": "return",
        "instructions": ["Be kind."],
        "steps": [{"button": "Check", "text": "Look it up", "details": ["order", "date"]}],
    }
    other = {"id": "policy", "title": "Policy", "text": "# Rules\n\nBe fair."}
    refund, policy = read_documents("k.jsonl", f"{json.dumps(row)}\n\n{json.dumps(other)}".encode())
    assert (refund.external_id, refund.agent) == ("refund", "return")
    assert refund.sections == (
        Section("", "Be kind."),
        Section("Check", "Look it up\n- order\n- date"),
    )
    assert policy.sections == (Section("Rules", "Be fair."),)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.pdf", b"x", "we read"),
        ("a.md", b"\xff\xfe", "not UTF-8"),
        ("a.txt", b"  \n ", "no text"),
        ("a.jsonl", b'{"id": "1", "title": "A"}\n{"id": 2}', "line 2"),
        ("a.html", b"<html></html>", "no text"),
    ],
)
def test_that_what_cannot_be_read_is_refused_with_the_reason(
    name: str, data: bytes, says: str
) -> None:
    with pytest.raises(RefusedError, match=says):
        read_documents(name, data)


def test_that_an_oversize_document_is_refused() -> None:
    with pytest.raises(TooLargeError):
        read_documents("a.txt", b"x" * (DOCUMENT_BYTES_MAX + 1))


@example([("\r", "")])
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=3000)), max_size=5))
def test_that_cutting_loses_no_text_and_holds_the_limit(parts: list[tuple[str, str]]) -> None:
    document = Document("d", "Title", tuple(Section(*part) for part in parts))
    chunks = chunks_of(document)
    assert all(0 < len(chunk.body) <= PASSAGE_CHARS_MAX for chunk in chunks)
    said = [heading if not text.strip() else text for heading, text in parts]
    written = "".join("".join(text.split()) for text in said)
    kept = "".join("".join(chunk.body.split()) for chunk in chunks)
    assert kept == (written or "Title")


def test_that_long_paragraphs_are_cut_at_sentences() -> None:
    sentence = "This is a sentence of the policy. "
    chunks = chunks_of(Document("d", "T", (Section("H", sentence * 60),)))
    assert len(chunks) == 3
    assert all(chunk.heading == "H" and chunk.body.endswith("policy.") for chunk in chunks)


def test_that_a_title_alone_is_a_passage() -> None:
    assert chunks_of(Document("d", "We are closed", ())) == [Chunk("", "We are closed")]
