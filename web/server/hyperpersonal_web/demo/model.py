"""The demo with a language model: whose, where, which. Without one nothing of it is installed."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from hyperpersonal_core.api import Installation
from hyperpersonal_registry.api import Release
from msgspec import Struct

from hyperpersonal_web.demo.plugins import ASSISTANT, NAMESPACE
from hyperpersonal_web.wiring import Market

VENDORS = ("anthropic", "openai")


class DemoModel(Struct, frozen=True):
    """`base_url` '': the vendor's own address; `key` '': the service asks for none."""

    vendor: str
    name: str
    base_url: str = ""
    key: str = ""

    @property
    def plugin_id(self) -> str:
        """The plugin that speaks the vendor's protocol."""
        return f"{NAMESPACE}/model_{self.vendor}"

    @property
    def config(self) -> dict[str, object]:
        """The installation's."""
        where = {"base_url": self.base_url} if self.base_url else {}
        return {"models": {"strong": self.name}, **where}


async def install_model(
    market: Market, tenant_id: UUID, releases: Sequence[Release], model: DemoModel | None
) -> None:
    """Install the model's plugin and the agent that uses it, first of the bundle: what it cannot
    answer it leaves to the others. With None what an earlier demo installed is switched off."""
    wanted = {model.plugin_id, ASSISTANT} if model else set()
    there = {one.plugin_id: one for one in await market.installations.list(tenant_id)}
    for release in releases:
        mine = release.manifest.kind == "model" or release.plugin_id == ASSISTANT
        present = there.get(release.plugin_id)
        if mine and present and present.enabled != (release.plugin_id in wanted):
            on = release.plugin_id in wanted
            await market.installations.switch(tenant_id, present.id, enabled=on)
        if release.plugin_id in wanted and model is not None:
            await _put(market, tenant_id, (release, present), model)
    if model is not None:
        await _assistant_first(market, tenant_id)


async def _put(
    market: Market,
    tenant_id: UUID,
    pair: tuple[Release, Installation | None],
    model: DemoModel,
) -> None:
    release, present = pair
    is_model = release.plugin_id == model.plugin_id
    config = model.config if is_model else {}
    place = _origin(model, release)
    secrets = {place: {"Authorization": f"Bearer {model.key}"}} if is_model and model.key else {}
    grants = [f"http:POST {place}/*"] if is_model else release.manifest.asked.texts
    if present is None:
        await market.installer.install(
            tenant_id, release.plugin_id, release.version,
            grants=grants, config=config, secrets=secrets,
        )  # fmt: skip
        return
    if present.digest != release.digest:
        await market.installer.update(tenant_id, present.id, release.version)
    await market.installer.consent(tenant_id, present.id, grants)
    if is_model:
        await market.installer.configure(tenant_id, present.id, config)
        await market.installations.set_secrets(tenant_id, present.id, secrets)


def _origin(model: DemoModel, release: Release) -> str:
    """Scheme, host and port the plugin may reach: no more than this one service."""
    if model.base_url:
        found = urlsplit(model.base_url)
        return f"{found.scheme}://{found.netloc}"
    first = next(one.ask for one in release.manifest.capabilities if one.ask.startswith("http:"))
    found = urlsplit(first.split(" ", 1)[1])
    return f"{found.scheme}://{found.netloc}"


async def _assistant_first(market: Market, tenant_id: UUID) -> None:
    agents = [one for one in await market.installations.list(tenant_id) if one.kind == "agent"]
    agents.sort(key=lambda one: (one.plugin_id != ASSISTANT, one.position or 0))
    await market.installer.compose_bundle(tenant_id, [one.id for one in agents])
