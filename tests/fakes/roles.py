"""`hp serve --role …` as processes of their own, and the demo's merchant they serve."""

import os
import secrets
import signal
import subprocess
import sys

from hyperpersonal_web.demo.ceremony import reviewer_keys
from hyperpersonal_web.demo.merchant import Merchant, furnish
from hyperpersonal_web.demo.plugins import install_all, publish_all, publisher_key
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import Ground, open_market


class RoleProcess:
    """One process; what it prints when it is ready is kept as `told`."""

    def __init__(self, props: Props, role: str) -> None:
        self._given = {
            "HP_DATABASE_URL": props.addresses.database_url,
            "HP_NATS_URL": props.addresses.nats_url,
            "HP_DATA_DIR": str(props.settings.data_dir),
            "HP_PORT": "0",
            "HP_PRIVATE_HOSTS": props.settings.private_hosts,
        }
        self._role = role
        self._log = props.settings.data_dir / f"{role}-{secrets.token_hex(4)}.log"
        self._process: subprocess.Popen[str] | None = None
        self.told = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def begin(self) -> "RoleProcess":
        """Start it; `wait` for it before use."""
        command = [sys.executable, "-m", "hyperpersonal_web.cli", "serve", "--role", self._role]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command, env={**os.environ, **self._given}, stdout=subprocess.PIPE, text=True,
                stderr=log,
            )  # fmt: skip
        return self

    def wait(self) -> None:
        """Until it is ready."""
        assert self._process is not None
        assert self._process.stdout is not None
        self.told = self._process.stdout.readline().strip()
        assert self.told, f"the {self._role} did not start: {self._log.read_text()[-2000:]}"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.begin().wait()

    def end(self, number: signal.Signals) -> None:
        """Send a signal and wait until it is gone; nothing when it is gone already."""
        if self._process is None or self._process.stdout is None or self._process.stdout.closed:
            return
        self._process.send_signal(number)
        self._process.wait(60)
        self._process.stdout.close()


async def settle(ground: Ground, props: Props) -> Merchant:
    """The demo's merchant with every plugin installed, its connector on the demo shop."""
    market = open_market(ground)
    merchant = await furnish(ground, props.folder)
    keys = publisher_key(props.folder / "key"), reviewer_keys(props.settings)
    releases = await publish_all(market.registry, *keys)
    place = (props.shop.url, props.shop.keys.token)
    await install_all(market, merchant.tenant_id, releases, place)
    return merchant
