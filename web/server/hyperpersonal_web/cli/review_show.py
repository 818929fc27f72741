"""What `hp review` prints for people. Nothing a publisher wrote is taken as markup."""

from datetime import UTC, datetime
from typing import Any

from hyperpersonal_registry.reviews.dossier import Dossier
from hyperpersonal_registry.reviews.source_diff import FileChange, SourceDiff
from hyperpersonal_sdk.verdicts import advice
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hyperpersonal_web.cli.review_sign import Looked

TONES = {"PASS": "green", "FAIL": "red", "ERROR": "red", "SKIPPED": "yellow"}
_LINES = {"+": "green", "-": "red", "@": "cyan"}


def show_queue(console: Console, items: list[dict[str, Any]]) -> None:
    """What waits, the most urgent first."""
    table = Table("release", "state", "people", "points", "waits", "due", "why", box=None)
    for one in items:
        late = "[red]overdue[/red]" if one["overdue"] else _when(one["due_at"])
        why = ", ".join(factor["code"] for factor in one["factors"])
        table.add_row(
            escape(f"{one['plugin_id']}@{one['version']}"), one["state"],
            f"{one['approved']} of {one['needed']}", str(one["points"]), f"{one['waits_h']:.0f} h",
            late, escape(why),
        )  # fmt: skip
    console.print(table if items else "nothing waits")
    for one in items[:1]:
        console.print(f"Next: hp review show {one['digest']}")


def show_dossier(console: Console, looked: Looked, sources: SourceDiff | None) -> None:
    """Everything to look at before signing."""
    found = looked.dossier
    item = found.item
    console.print(f"[bold]{escape(item.title)}[/bold]  {item.plugin_id}@{item.version}, "
                  f"{item.kind}, {item.state}")  # fmt: skip
    console.print(escape(found.manifest.description))
    _show_reasons(console, found)
    _show_permissions(console, looked)
    _show_checks(console, found)
    _show_people(console, found)
    if sources is not None:
        show_sources(console, sources)
    _show_next(console, looked)


def show_sources(console: Console, sources: SourceDiff) -> None:
    """The unified diff, hidden characters written out."""
    for one in sources.files:
        hidden = " [bold red]holds hidden characters[/bold red]" if one.hidden else ""
        console.print(f"\n[bold]{one.change} {escape(one.path)}[/bold]{hidden} {escape(one.note)}")
        _show_lines(console, one)


def show_exposure(console: Console, items: list[dict[str, Any]]) -> None:
    """Whom a release reached, one shop after the other."""
    for one in items:
        met = one["exposed"]
        name = met["name"] or met["slug"] or met["tenant_id"]
        state = "installed now" if met["installed"] else "not installed now"
        console.print(f"[bold]{escape(name)}[/bold] {escape(met['slug'])}, "
                      f"{escape(one['plugin_id'])}@{one['version']}, {state}")  # fmt: skip
        if met["calls"]:
            console.print(f"  {met['calls']:,} calls from {_when(met['first_at'])} to "
                          f"{_when(met['last_at'])}, {met['requests']:,} requests to other "
                          f"services, {met['bytes_out']:,} bytes sent")  # fmt: skip
        console.print(f"  it could touch {'; '.join(one['data']) or 'nothing'}")
    console.print(f"{len(items)} reached" if items else "it reached nobody")


def show_observations(console: Console, items: list[dict[str, Any]]) -> None:
    """What was reported."""
    for one in items:
        release = one["plugin_id"] + (f"@{one['version']}" if one["version"] else "")
        state = one["outcome"] or f"due {_when(one['due_at'])}"
        console.print(f"[bold]{escape(release)}[/bold] {one['standing']}, {state}  {one['id']}")
        console.print(f"  {escape(one['text'])}")
    if not items:
        console.print("nothing was reported")


def _show_reasons(console: Console, found: Dossier) -> None:
    for factor in found.item.factors:
        console.print(f"  [yellow]•[/yellow] {escape(factor.words)}")
    if found.appeal:
        console.print(f"\n[bold]Its publisher appeals[/bold]\n  {escape(found.appeal)}")


def _show_permissions(console: Console, looked: Looked) -> None:
    change = looked.dossier.change
    console.print(f"\n[bold]What it may do[/bold]: {change.words}")
    for one in looked.permissions:
        new = change.kind != "first" and one["capability"] in change.gained
        mark = "[red]+[/red]" if new else " "
        optional = " (optional)" if one["optional"] else ""
        console.print(f" {mark} {escape(one['words'])}{optional}: [dim]{escape(one['why'])}[/dim]")
    for text in change.lost:
        console.print(f" [green]-[/green] no longer asks {escape(text)}")


def _show_checks(console: Console, found: Dossier) -> None:
    console.print("\n[bold]Checks[/bold]")
    for one in found.verdicts:
        tone = TONES[one.verdict]
        console.print(f"  [{tone}]{one.verdict:7}[/] {escape(one.check)} {escape(advice(one))}")
        for place in one.detail:
            console.print(f"            [dim]{escape(place)}[/dim]")


def _show_people(console: Console, found: Dossier) -> None:
    who = found.publisher
    proof = f"proven by {who.domain}" if who.domain else "given by an admin"
    console.print(f"\n[bold]Publisher[/bold] {escape(who.namespace)}, {escape(proof)}: "
                  f"releases: {who.releases}, plugins: {who.plugins}, rejected: {who.rejected}, "
                  f"withdrawn: {who.withdrawn}, open reports: {who.observations_open}")  # fmt: skip
    console.print(f"[bold]Reviews[/bold] {found.item.approved} of {found.item.needed}")
    for one in found.reviews:
        said = "approved" if one.approves else "rejected"
        older = "" if one.counts else " (of an older report: does not count)"
        console.print(f"  {escape(one.name or one.reviewer[:16])} {said}{older}: "
                      f"{escape(one.reason)}")  # fmt: skip


def _show_next(console: Console, looked: Looked) -> None:
    found = looked.dossier
    console.print(
        f"\nWhat a review binds, found right on this machine:\n  digest      {found.digest}\n"
        f"  permissions {found.permissions}\n  report      {found.report}"
    )
    if found.item.state != "checked":
        console.print(f"It is {found.item.state}: {escape('; '.join(found.item.why))}")
        return
    waive = "".join(f" --waive {name}" for name in looked.failed)
    console.print(f"Next: hp review approve {found.digest}{waive} --reason '…'\n"
                  f"  or: hp review reject {found.digest} --reason '…'")  # fmt: skip


def _show_lines(console: Console, change: FileChange) -> None:
    for line in change.lines:
        tone = _LINES.get(line[:1])
        console.print(escape(line), style=tone, highlight=False, soft_wrap=True)
    if change.left_out:
        console.print(f"[bold red]{change.left_out} more lines are not shown: read the file "
                      "(--sources FOLDER)[/bold red]")  # fmt: skip


def _when(told: Any) -> str:
    if not told:
        return "never"
    return datetime.fromisoformat(str(told)).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
