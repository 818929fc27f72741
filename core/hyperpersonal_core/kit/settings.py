"""Settings: read once from `HP_*` variables by whoever starts the program, then passed on.

Nothing is read at import. Other `HP_` variables are left alone, unless one looks like a misspelt
setting. A refused value is not repeated in the message: an address may hold a password.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from hyperpersonal_core.kit.errors import RefusedError

PREFIX = "HP_"

# Read by others: the start script, the launcher of the embedded PostgreSQL, the quality tests,
# and the demo shop (which is no part of the product).
FOREIGN = frozenset(
    {"HP_PYTHON", "HP_PG_BIN", "HP_EVAL_DATA"}
    | {"HP_SHOP_TOKEN", "HP_SHOP_ADMIN_TOKEN", "HP_SHOP_DATABASE_URL"}
)

Port = Annotated[int, Meta(ge=0, le=65535)]
PerSecond = Annotated[float, Meta(ge=0)]
Level = Annotated[str, Meta(pattern="^(debug|info|warning|error)$")]


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting; the variable is `HP_` and the name in capitals."""

    database_url: Annotated[
        str,
        Meta(
            pattern=r"^(postgresql://.+)?$",
            description="PostgreSQL 15+ with pgvector, as its owner: postgresql://…; empty starts "
            "the embedded one",
        ),
    ] = ""
    nats_url: Annotated[
        str,
        Meta(
            pattern=r"^((nats|tls)://.+)?$",
            description="NATS 2.10+ with JetStream: nats://…; empty starts the embedded one",
        ),
    ] = ""
    nats_prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_]*$",
            description="keeps deployments apart that share one NATS server",
        ),
    ] = ""
    data_dir: Annotated[
        Path, Meta(description="where embedded services and caches keep their files")
    ] = Path(".hp")
    blobs: Annotated[
        str,
        Meta(
            pattern=r"^((s3|file)://.+)?$",
            description="where the registry keeps artifacts: s3://BUCKET/PREFIX, with the AWS_* "
            "variables of any client of S3, or file:///FOLDER; empty: blobs in the data folder",
        ),
    ] = ""
    host: Annotated[str, Meta(description="address the HTTP server listens on")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="port of the HTTP server; 0 takes a free one")] = 8000
    secret: Annotated[
        str,
        Meta(
            pattern=r"^(.{32,})?$",
            description="32 characters or more that sign shoppers' tokens, the same in every "
            "gateway; empty: made once and kept in the data folder",
        ),
    ] = ""
    keys_file: Annotated[
        str,
        Meta(
            description="file of the master keys that wrap tenants' keys, the same in every role: "
            "without them sealed data is lost; empty: made once in the data folder (master.keys)",
        ),
    ] = ""
    trust_mirror: Annotated[
        str,
        Meta(
            pattern=r"^(https?://.+)?$",
            description="a registry elsewhere whose trust metadata this host follows; empty: the "
            "one in this database",
        ),
    ] = ""
    unreviewed_namespaces: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9_-]+(,[a-z0-9_-]+)*)?$",
            description="publishers whose releases this host loads although no reviewer of the "
            "platform stands for them, such as your own",
        ),
    ] = ""
    witnesses: Annotated[
        str,
        Meta(
            description="witnesses of the registry's log, divided by commas: a key as `hp registry "
            "witness init` shows it, a space, and the address where a registry asks it",
        ),
    ] = ""
    witnesses_needed: Annotated[
        int,
        Meta(
            ge=0,
            le=31,
            description="how many of HP_WITNESSES must have cosigned what this host believes of "
            "the log; 0: the log's own key alone",
        ),
    ] = 0
    private_hosts: Annotated[
        str,
        Meta(
            description="names or addresses, divided by commas, that plugins may be granted to "
            "reach although they are private, such as a model server of your own"
        ),
    ] = ""
    db_connections_max: Annotated[
        int, Meta(ge=2, le=200, description="PostgreSQL connections of one process, in each pool")
    ] = 10
    messages_per_s: Annotated[
        PerSecond,
        Meta(description="messages of one contact a second, after 30 at once; 0: no limit"),
    ] = 2.0
    typing_per_s: Annotated[
        PerSecond,
        Meta(description="typing frames of one contact a second, after 20 at once; 0: no limit"),
    ] = 5.0
    sessions_per_s: Annotated[
        PerSecond,
        Meta(
            description="sessions opened from one address a second on one channel, after 60 at "
            "once; behind a proxy name it in FORWARDED_ALLOW_IPS; 0: no limit"
        ),
    ] = 1.0
    sockets_per_contact: Annotated[
        int, Meta(ge=0, description="open sockets of one contact in a gateway; 0: no limit")
    ] = 20
    backlog_max: Annotated[
        int,
        Meta(
            ge=0,
            description="conversations of one tenant that may wait for an answer before its "
            "shoppers are told to send later, unless the tenant's own setting backlog_max says "
            "otherwise; 0: no limit",
        ),
    ] = 1_000
    sandbox_tier: Annotated[
        Literal["auto", "namespaces", "landlock", "none"],
        Meta(
            description="the wall around plugins: auto takes the strongest that works; none runs "
            "only the plugins of HP_SANDBOX_TRUSTED, without one"
        ),
    ] = "auto"
    sandbox_trusted: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9_-]+(,[a-z0-9_-]+)*)?$",
            description="namespaces of publishers whose plugins run with HP_SANDBOX_TIER=none",
        ),
    ] = "hyperpersonal"
    promote_calls: Annotated[
        int,
        Meta(
            ge=0,
            description="calls of one Python plugin in about 90 s from which it gets a "
            "compiled component of its own on this host; 0: never",
        ),
    ] = 300
    log_level: Annotated[Level, Meta(description="debug, info, warning or error")] = "info"
    otlp_endpoint: Annotated[
        str, Meta(description="OpenTelemetry collector (OTLP over HTTP); empty: no traces")
    ] = ""


def load(environ: Mapping[str, str]) -> Settings:
    """The settings in an environment.

    Raises:
        RefusedError: bad values or misspelt names; the message names every one.
    """
    known = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}
    faults, values = [], {}
    for variable, text in sorted(environ.items()):
        if variable in known:
            try:
                values[known[variable]] = _value(known[variable], text)
            except msgspec.ValidationError as error:
                faults.append(f"{variable}: {error} ({_meaning(_type(known[variable]))})")
        elif variable.startswith(PREFIX):
            faults += _misspelt(variable, known)
    if faults:
        raise RefusedError("settings: " + "; ".join(faults), faults=faults)
    return Settings(**values)


def describe() -> list[tuple[str, str, str]]:
    """Every variable with its default and meaning, for the documentation and `hp doctor`."""
    return [
        (PREFIX + field.name.upper(), str(field.default), _meaning(field.type))
        for field in msgspec.structs.fields(Settings)
    ]


def _misspelt(variable: str, known: Mapping[str, str]) -> list[str]:
    close = difflib.get_close_matches(variable, known, n=1, cutoff=0.85)
    return [f"{variable} is not a setting; did you mean {close[0]}?"] if close else []


def _value(name: str, text: str) -> Any:
    return msgspec.convert(text, _type(name), strict=False, dec_hook=_path)


def _type(name: str) -> Any:
    (field,) = (f for f in msgspec.structs.fields(Settings) if f.name == name)
    return field.type


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)


def _meaning(annotated: Any) -> str:
    return "; ".join(m.description for m in annotated.__metadata__ if m.description)
