"""The `[listing]` of a manifest: how a plugin presents itself to merchants in the marketplace."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Category = Literal[
    "orders", "returns", "products", "billing", "loyalty", "marketing", "shipping", "knowledge",
    "safety", "models", "channels", "shops", "operations",
]  # fmt: skip
DataKind = Literal["contact", "conversation", "orders", "payment", "products", "knowledge"]
PriceKind = Literal["free", "once", "monthly", "per_call", "per_resolution"]

AMOUNT = "^[0-9]{1,7}\\.[0-9]{2} [A-Z]{3}$(?!\\n)"
_LANGUAGE = "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$(?!\\n)"  # of BCP 47: language-Script-REGION
_PATH = "^[A-Za-z0-9_][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*$(?!\\n)"
_PLACE = "^(https://|mailto:)[!-~]{3,190}$(?!\\n)"

Language = Annotated[str, Meta(pattern=_LANGUAGE, examples=["en"], description="BCP 47.")]
Place = Annotated[
    str,
    Meta(description="A web page or an address.", examples=["mailto:help@acme.example"],
         min_length=1, max_length=200, pattern=_PLACE),
]  # fmt: skip
Path = Annotated[
    str,
    Meta(description="A file of the artifact.", examples=["CHANGELOG.md"],
         min_length=1, max_length=120, pattern=_PATH),
]  # fmt: skip


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to pay. `amount` is for each month, call or resolution, by the kind."""

    kind: Annotated[PriceKind, Meta(description="What is paid for.", examples=["monthly"])]
    amount: Annotated[
        str, Meta(description="How much; not for `free`.", examples=["19.00 USD"], pattern=AMOUNT)
    ] = "0.00 USD"
    included: Annotated[
        int, Meta(description="Calls or resolutions a month without charge.", ge=0, le=10_000_000)
    ] = 0
    never_more_than: (
        Annotated[
            str,
            Meta(description="The most a month can cost.", examples=["99.00 USD"], pattern=AMOUNT),
        ]
        | None
    ) = None


class DataUse(Struct, frozen=True, forbid_unknown_fields=True):
    """What of the shoppers' data is used, why, and for how long it is kept outside the platform."""

    data: Annotated[DataKind, Meta(description="Which data.", examples=["orders"])]
    why: Annotated[
        str,
        Meta(description="What for, in words.", examples=["Answers where an order is."],
             min_length=1, max_length=200),
    ]  # fmt: skip
    kept_days: Annotated[
        int, Meta(description="Days it is kept outside; 0: never leaves.", ge=0, le=3_650)
    ] = 0


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """What a merchant reads before installing, beside what is asked."""

    category: Annotated[Category, Meta(description="Where it is found.", examples=["orders"])]
    tagline: Annotated[
        str,
        Meta(description="What it is good for, in one line.", examples=["Orders, answered."],
             min_length=1, max_length=80),
    ]  # fmt: skip
    support: Place
    languages: Annotated[
        list[Language],
        Meta(description="Languages it speaks.", examples=[["en"]], min_length=1, max_length=60),
    ] = field(default_factory=lambda: ["en"])
    website: Place | None = None
    keywords: Annotated[
        list[Annotated[str, Meta(description="A word.", min_length=2, max_length=30,
                                 examples=["tracking"])]],
        Meta(description="Other words people look for.", max_length=20),
    ] = []  # fmt: skip
    screenshots: Annotated[list[Path], Meta(description="Pictures (png, webp).", max_length=8)] = []
    changelog: Path | None = None
    prices: Annotated[
        list[Price], Meta(description="Ways to pay; none is free.", max_length=5)
    ] = []
    data: Annotated[list[DataUse], Meta(description="What data is used.", max_length=10)] = []
