"""Writes docs/reference/checks.md from the checks themselves.

python -m hyperpersonal_registry.checks.reference
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from hyperpersonal_sdk.checks import FORM, LINTS, Rule

from hyperpersonal_registry.checks.examination import Check
from hyperpersonal_registry.checks.trials import SANDBOXED, STATIC

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "checks.md"
_HEAD = """# Checks of a release

Every release is checked before people look at it. This page is written by
`python -m hyperpersonal_registry.checks.reference` from the checks themselves.

| verdict | means |
|---|---|
| PASS | the rule holds; notes below it are for the reviewer |
| FAIL | it does not; the reason says where, and what to do |
| ERROR | the check could not be finished; it is tried again, and until then nothing goes on |
| SKIPPED | it was not run; that lets nothing through either |

A release goes on when every check that the registry's policy names says PASS. Nothing is concluded
from what happened to run. `hp plugin check` runs those of the first two tables on your machine.

**Appeal.** A FAIL of a check that can be waived may be appealed: `hp plugin appeal` with the reason
why it is right all the same. Reviewers then read it, and each of those whose word counts must name
the check in what they sign. A rejected version is simply handed in again once it is mended.
"""
_PARTS = (
    ("Form", "What breaks one of these is stored nowhere, and cannot be appealed."),
    ("Sources", "What the sources, texts and packages say. Run on your machine as well."),
    ("Names", "What only the registry knows: who else is there."),
    ("Behaviour", "The release runs, in the sandbox that shops use, beside the one before it."),
)


def page() -> str:
    """The whole page."""
    groups: tuple[Sequence[Rule | Check], ...] = (FORM, LINTS, STATIC, SANDBOXED)
    parts = [
        f"\n## {title}\n\n{words}\n\n{_table(group)}"
        for (title, words), group in zip(_PARTS, groups, strict=True)
    ]
    return _HEAD + "".join(parts) + _BEHAVIOUR


def _table(group: Iterable[Rule | Check]) -> str:
    rows = [
        f"| `{one.NAME}` | {_about(one)} | {one.REASON} | {one.FIX} | "
        f"{'yes' if one.WAIVABLE else 'no'} |"
        for one in group
    ]
    head = (
        "| check | what it looks for | why | what to do | can be waived |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _about(one: Rule | Check) -> str:
    """The first sentence of the module."""
    text = " ".join((one.__doc__ or "").split("\n\n")[0].split())
    return text.replace("|", "\\|")


_BEHAVIOUR = """
## What an update must say

`behaviour` runs the release and the one before it through the same made-up talks and calls, today,
much later, at night and in another shop; with every short text that is new in its sources as a
word of the shopper's, as a name, as the country of an order and behind what a guard held back; at
each number that stands in only one of the two and one beyond it; and through the recorded calls
signed with the one before. Each condition that is new in Python sources is turned, so that what
waits behind it shows. Work outside is made to fail, tools are called with odd arguments, strangers
ask for what only an owner may, and rights newly asked are not granted yet. It also compares their
manifests and the places their sources name.
Of what is new, this must be said in the section of the
version in `CHANGELOG.md` (or the file that `[listing] changelog` names):

| new | said by |
|---|---|
| a host that is asked, or linked to in a reply | its name |
| an address that something is sent to | the address, or its domain |
| a field handed to a tool that writes, or to a host | the field's name |
| a tool that writes | its name, or a capability for it that is newly asked |
| an amount, or money moved where none was | a sentence about the money |
| another number or currency in a call that writes or leaves the shop | the field's name |
| of a model: words it puts in | a sentence about instructions |
| of an agent: other words to a model | a sentence about answers, words, rules or the model |
| something else by the time, or by how often | a sentence about the time, or the limit |
| something else by who it serves | the words it compares with |
| a place to call, visit or pay that nobody gave it | that place |
| a text of its own where a value from the shop or the shopper stood | the field's name |
| a person's address, e-mail or telephone number in an answer | the field's name |
| people's data to a model, a search or a tool that had none of it | the name of that place |
| other things first, of those a shop answered with | a sentence about sorting |
| something a guard held that now passes | a sentence about letting pass |
| another title; four example sentences on what it says nothing of | the title; the first of them |
| evidence that is gone, or of nothing that was asked | a sentence about evidence |
| an answer, and no word of evidence, where it declined | a sentence about evidence |
| people's data in the log, the store, the state, an address or a header | the name of that place |
| a talk that is no longer handed to a person | a sentence about people |
| a search for words of its own | a right to knowledge that is newly asked |
| a hook, a header to fill in, a label | its name |
| more days of keeping; ten times the tokens | the days; the word tokens |
| any right more | a section of the version at all; merchants are asked for consent besides |

Some things cannot be told away: a version that does not come after the one before; a wheel that is
another file under the same name; a write for a stranger that was made for an owner only; arguments
that end in an address unquoted; an amount told as moved that was not asked for; a failure told as
done; one order told as another; a model's words that are wholly sure; a bid for every talk; erasing
less; a setting that merchants are not shown. Of a first release as of any other: what an agent or a
guard sends of shoppers' words, or of who they are, stands in `[[listing.data]]`.

New reads within old rights, other words, other escalations and new rights that were said are told
to the reviewer as notes.

## Known vulnerabilities

The shipped list is small and dated; after 180 days it answers nothing, and the check says ERROR for
plugins with packages. A registry loads OSV's export of PyPI and puts what this writes into its data
folder:

```text
python -m hyperpersonal_sdk.checks.advisories all.zip --out .hp/advisories.json
```
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
