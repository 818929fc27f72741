"""How a merchant's commands reach the shop's server: its address, a member's key, JSON both ways.

Without options a command finds the demo that runs on this machine: it tells its address and its
merchant's key in the data folder.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import httpx
import msgspec
from hyperpersonal_sdk.demo_client import DemoAwayError, running_demo

from hyperpersonal_web.paths import data_folder

DEADLINE_S = 60.0  # an install tries the release in a sandbox first
START = "start one with `./hp demo`, or name it: --url and --key (HP_URL and HP_KEY)"

Command = TypeVar("Command", bound=Callable[..., Any])


class ShopProblemError(click.ClickException):
    """The server refused. `status` and `problem` (RFC 9457) are for whoever goes on from there."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
        self.status = status
        self.problem = problem
        facts = problem.get("facts")
        self.reason = str(facts.get("reason", "")) if isinstance(facts, dict) else ""


class ShopClient:
    """One server and one member. Paths are below the server, such as `/v1/market/plugins`."""

    def __init__(self, url: str, key: str, http: httpx.Client | None = None) -> None:
        self.url = url
        headers = {"authorization": f"Bearer {key}"}
        self._http = http or httpx.Client(base_url=url, timeout=DEADLINE_S, trust_env=False)
        self._http.headers.update(headers)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """What is there. Raises click.ClickException, as every method does."""
        given = {name: value for name, value in query.items() if value not in (None, "", [], ())}
        return self.call("GET", path, params=given)

    def post(self, path: str, body: Any = None) -> Any:
        """Do something."""
        return self.call("POST", path, json={} if body is None else body)

    def put(self, path: str, body: Any) -> Any:
        """Replace what is there."""
        return self.call("PUT", path, json=body)

    def delete(self, path: str, **query: Any) -> Any:
        """Take it away."""
        return self.call("DELETE", path, params=query)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Any request; the JSON that came back, None for none."""
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise click.ClickException(f"{self.url} does not answer ({why}); {START}") from error
        if answer.is_success:
            return msgspec.json.decode(answer.content) if answer.content else None
        raise ShopProblemError(answer.status_code, _problem(answer))


def shop_options(command: Command) -> Command:
    """Give a click command `--url` and `--key`; make the client of them with `shop_client`."""
    for option in (
        click.option("--key", envvar="HP_KEY", default="", help="A member's key, else HP_KEY."),
        click.option("--url", envvar="HP_URL", default="", help="The server, else HP_URL."),
    ):
        command = option(command)
    return command


def shop_client(url: str = "", key: str = "") -> ShopClient:
    """The named server, else the demo that runs on this machine.

    Raises:
        click.ClickException: none is named and none runs.
    """
    if not (url and key):
        try:
            found = running_demo(data_folder())
        except DemoAwayError as error:
            why = str(error).partition(";")[0]
            raise click.ClickException(f"no shop's server is known: {why}; {START}") from None
        url, key = url or found.url, key or found.member_key
    client = ShopClient(url.rstrip("/"), key)
    if context := click.get_current_context(silent=True):
        context.call_on_close(client.close)
    return client


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.content)
    except msgspec.MsgspecError:
        found = None
    return found if isinstance(found, dict) else {}
