"""`hp chat`: a shopper's message to the running demo, and what it is answered."""

import time
from typing import Any
from uuid import uuid4

import click
import httpx
import msgspec

from hyperpersonal_web.cli.shop_client import shop_client, shop_options

ANSWER_SECONDS_MAX = 45.0
QUIET_S = 1  # nothing more comes after an answer
LONG_POLL_S = 10


@click.command()
@click.argument("text")
@shop_options
@click.option("--channel-key", default="", help="The chat's public key, else the demo's.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def chat(text: str, url: str, key: str, channel_key: str, *, as_json: bool) -> None:
    """Say TEXT to the shop as a new shopper, and show the answer and who gave it.

    Exit codes: 0 answered, 1 no answer came in time, 2 wrong usage.
    """
    shop = shop_client(url, key)
    channel_key = channel_key or shop.get("/demo/setup.json")["channel_key"]
    session = shop.post("/v1/chat/sessions", {"channel_key": channel_key})
    answers = _say(shop.url, session["token"], text)
    turns = shop.get(f"/v1/staff/conversations/{session['conversation_id']}")["turns"]
    if as_json:
        body = {"conversation": session["conversation_id"], "answers": answers, "turns": turns}
        click.echo(msgspec.json.format(msgspec.json.encode(body), indent=2))
    else:
        for answer in answers:
            click.echo(answer)
        for turn in turns:
            click.secho(
                f"{turn['id']}  {turn.get('agent') or 'nobody'}: {turn['outcome']}", dim=True
            )
    if not answers:
        raise click.ClickException("no answer came; `./hp doctor` may know why")


def _say(url: str, token: str, text: str) -> list[str]:
    """Everything the shop says until it is quiet."""
    answers: list[str] = []
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
        _right(http.post("/v1/chat/messages", json={"id": str(uuid4()), "text": text}))
        newest, deadline = 0, time.monotonic() + ANSWER_SECONDS_MAX
        while time.monotonic() < deadline:
            wait = QUIET_S if answers else LONG_POLL_S
            page = _right(http.get("/v1/chat/messages", params={"after": newest, "wait": wait}))
            newest = page["newest"]
            said = [one["text"] for one in page["events"] if one["source"] != "contact"]
            if answers and not said:
                break
            answers += said
    return answers


def _right(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise click.ClickException(f"the chat answered {answer.status_code}: {answer.text[:300]}")
    return msgspec.json.decode(answer.content)
