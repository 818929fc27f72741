import asyncio

import pytest
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_registry.api import PublishRefusedError, Registry
from hyperpersonal_sdk.errors import BadInputError


async def publish(registry: Registry, publisher: Publisher, packed: bytes) -> str:
    return (await registry.publish(packed, publisher.sign(packed))).digest


async def refused(registry: Registry, packed: bytes, envelope: bytes) -> str:
    with pytest.raises(PublishRefusedError) as error:
        await registry.publish(packed, envelope)
    assert error.value.detail["reason"] == error.value.reason
    return error.value.reason


async def test_that_a_published_release_can_be_found_and_loaded(
    registry: Registry, publisher: Publisher
) -> None:
    digest = await publish(registry, publisher, artifact())
    release = await registry.find("acme/hello")
    assert (release.digest, release.name) == (digest, "acme/hello@1.0.0")
    assert release.manifest.asked.texts == ("knowledge:read",)
    sealed = await registry.load(digest)
    assert (sealed.plugin_id, sealed.entry, sealed.runtime_kind) == (
        "acme/hello",
        "hello",
        "python",
    )
    assert set(sealed.files) == {"plugin.toml", "hello.py"}


async def test_that_a_version_is_published_once(registry: Registry, publisher: Publisher) -> None:
    await publish(registry, publisher, artifact())
    with pytest.raises(ConflictError):
        await publish(registry, publisher, artifact())
    with pytest.raises(ConflictError):
        await publish(registry, publisher, artifact(hello="plugin = 1\n"))
    assert len(await registry.releases("acme/hello")) == 1


async def test_that_of_racing_publishes_of_a_version_one_wins(
    registry: Registry, publisher: Publisher
) -> None:
    packed = [artifact(hello=f"plugin = {n}\n") for n in range(4)]
    ends = await asyncio.gather(
        *(publish(registry, publisher, one) for one in packed), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == [*["ConflictError"] * 3, "str"]
    assert await registry.journal_fault() is None


async def test_that_the_newest_finished_version_is_found(
    registry: Registry, publisher: Publisher
) -> None:
    for version in ("1.9.0", "1.10.0", "2.0.0-rc.1"):
        await publish(registry, publisher, artifact(manifest(version=version)))
    assert (await registry.find("acme/hello")).version == "1.10.0"
    assert (await registry.find("acme/hello", "2.0.0-rc.1")).version == "2.0.0-rc.1"
    with pytest.raises(NotFoundError):
        await registry.find("acme/hello", "3.0.0")


BAD_ARTIFACTS = [
    (artifact(manifest(asks=("knowledge:red",))), "bad_manifest"),
    (artifact(manifest(version="1.0")), "bad_manifest"),
    (artifact(manifest(more='[config]\ntype = "string"\n')), "bad_manifest"),
    (artifact(hello="def broken(:\n"), "does_not_compile"),
    (artifact(other="x = (\n"), "does_not_compile"),
    (artifact(hello="x = 1\n"), "no_entry"),
    (artifact(manifest().replace('entry = "hello"', 'entry = "missing"')), "no_entry"),
    (artifact(json="x = 1\n"), "shadowing"),
    (artifact(hyperpersonal_sdk="x = 1\n"), "shadowing"),
    (artifact(hello="plugin = 1  # \u202e evil\n"), "hidden_text"),
    (artifact(hello="plugin = 1\nad\u200bmin = 2\n"), "hidden_text"),
]


async def test_that_every_check_refuses_with_its_reason(
    registry: Registry, publisher: Publisher
) -> None:
    for packed, reason in BAD_ARTIFACTS:
        try:
            envelope = publisher.sign(packed)
        except BadInputError:
            envelope = publisher.sign_blindly(packed)
        assert await refused(registry, packed, envelope) == reason
    assert await registry.releases("acme/hello") == []


async def test_that_only_the_namespaces_own_key_publishes(
    registry: Registry, publisher: Publisher
) -> None:
    stranger = Publisher(2)
    packed = artifact()
    assert await refused(registry, packed, b"") == "unsigned"
    assert await refused(registry, packed, stranger.sign(packed)) == "unknown_key"
    await registry.create_namespace("other", stranger.public)
    assert await refused(registry, packed, stranger.sign(packed)) == "unknown_key"
    theirs = artifact(manifest("nobody/hello"))
    assert await refused(registry, theirs, publisher.sign(theirs)) == "unknown_key"


async def test_that_what_was_not_signed_is_not_published(
    registry: Registry, publisher: Publisher
) -> None:
    envelope = publisher.sign(artifact())
    assert await refused(registry, artifact(hello="plugin = 2\n"), envelope) == "altered"
    assert await refused(registry, b"rubbish", envelope) == "not_hpx"
    assert await refused(registry, artifact(), b"rubbish") == "bad_envelope"


async def test_that_a_malformed_namespace_is_refused(registry: Registry) -> None:
    for name in ("Acme", "a/b", "", "x" * 41, "-a", "caf\u00e9", "acme\n"):
        with pytest.raises(RefusedError):
            await registry.create_namespace(name, Publisher(3).public)


async def test_that_a_key_is_checked_and_speaks_for_one_namespace(
    registry: Registry, publisher: Publisher
) -> None:
    with pytest.raises(RefusedError):
        await registry.create_namespace("short", b"123")
    with pytest.raises(ConflictError):
        await registry.create_namespace("second", publisher.public)
    with pytest.raises(NotFoundError):
        await registry.add_key("nobody", Publisher(4).public)


async def test_that_the_journal_tells_everything_in_order(
    registry: Registry, publisher: Publisher
) -> None:
    await publish(registry, publisher, artifact())
    await registry.yank("acme/hello", "1.0.0", "It greets twice.")
    entries = await registry.journal()
    assert [(entry.n, entry.kind, entry.subject) for entry in entries] == [
        (1, "namespace.created", "acme"),
        (2, "release.published", "acme/hello@1.0.0"),
        (3, "release.yanked", "acme/hello@1.0.0"),
    ]
    assert [entry.n for entry in await registry.journal(after=1, limit=1)] == [2]
    assert await registry.journal_fault() is None
