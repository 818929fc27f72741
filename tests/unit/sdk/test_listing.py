"""`[listing]`: what a merchant reads in the marketplace is well-formed and is really there."""

import pytest
from fakes.publishing import CODE, manifest
from hyperpersonal_sdk import checks, hpx
from hyperpersonal_sdk import manifest as manifests
from hyperpersonal_sdk.errors import CheckFailedError, ManifestError

_END = bytes(4) + b"IEND" + bytes(4)
PNG = b"\x89PNG\r\n\x1a\n" + _END
LARGE = PNG[:8] + (600_000).to_bytes(4, "big") + b"IDAT" + bytes(600_004) + _END
LISTING = """
[listing]
category = "orders"
tagline = "Says hello before anybody else."
support = "mailto:help@acme.example"
languages = ["en", "pt-BR", "zh-Hant"]
keywords = ["greeting"]
screenshots = ["media/one.png"]
changelog = "CHANGELOG.md"
[[listing.prices]]
kind = "monthly"
amount = "19.00 USD"
included = 100
never_more_than = "99.00 USD"
[[listing.data]]
data = "conversation"
why = "Answers it."
"""
FILES = {"hello.py": CODE.encode(), "media/one.png": PNG, "CHANGELOG.md": b"# 1.0.0\n"}


def archive(files: dict[str, bytes] = FILES) -> hpx.Archive:
    source = manifest(more=LISTING).encode()
    return hpx.unpack(hpx.pack({"plugin.toml": source, **files}))


def test_that_a_listing_is_read_as_it_is_written() -> None:
    listing = manifests.parse(manifest(more=LISTING)).listing
    assert listing is not None
    assert (listing.category, listing.languages) == ("orders", ["en", "pt-BR", "zh-Hant"])
    assert listing.prices[0].never_more_than == "99.00 USD"
    assert listing.data[0].kept_days == 0
    assert manifests.parse(manifest()).listing is None


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('category = "orders"', 'category = "everything"'),
        ('tagline = "Says', 'tagline = "Says\u202e'),
        ("mailto:help@acme.example", "javascript:alert(1)"),
        ("mailto:help@acme.example", "http://acme.example"),
        ('"pt-BR"', '"Portuguese"'),
        ('"19.00 USD"', '"19 USD"'),
        ('"19.00 USD"', '"-1.00 USD"'),
        ('"media/one.png"', '"../one.png"'),
        ("included = 100", "included = -1"),
        ('data = "conversation"', 'data = "everything"'),
    ],
)
def test_that_anything_else_is_refused_with_its_line(good: str, bad: str) -> None:
    source = manifest(more=LISTING)
    assert good in source
    with pytest.raises(ManifestError, match=r"line \d+"):
        manifests.parse(source.replace(good, bad))


def test_that_what_a_listing_shows_is_in_the_artifact() -> None:
    checks.check(archive())
    for wrong in (
        {"media/one.png": b"<svg onload=alert(1)>"},
        {"media/one.png": LARGE},
    ):
        with pytest.raises(CheckFailedError) as refused:
            checks.check(archive(FILES | wrong))
        assert refused.value.code == "bad_listing"
    for missing in ("media/one.png", "CHANGELOG.md"):
        with pytest.raises(CheckFailedError, match=missing):
            checks.check(archive({path: data for path, data in FILES.items() if path != missing}))
