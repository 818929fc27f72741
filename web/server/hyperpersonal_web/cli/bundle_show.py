"""How plans and runs of bundles are shown in a terminal."""

import difflib
from typing import Any

from rich.console import Console

from hyperpersonal_web.cli.market_show import escaped

_VERBS = {"install": "[green]install[/green]", "update": "[yellow]update[/yellow]", "keep": "keep"}


def show_plan(console: Console, told: dict[str, Any]) -> None:
    """What would be done, with all that is asked; or why nothing fits, and what would work."""
    plan = escaped(told)
    if not plan["fits"]:
        show_why_not(console, plan)
        return
    console.print(f"\n[bold]{plan['bundle']}[/bold]")
    for step in plan["steps"]:
        console.print(f"  {_VERBS[step['kind']]} {_release(step)}", highlight=False)
        if step["kind"] == "install" and not step["named"]:
            console.print("    [dim]the bundle does not name it; something it names uses it[/dim]")
        for header in step["secrets"]:
            console.print(f"    [dim]needs a credential: {header}[/dim]")
    for plugin_id in plan["left_out"]:
        console.print(f"  leave out {plugin_id} [dim](stays installed, is asked no more)[/dim]")
    for plugin_id in plan["off"]:
        console.print(f"  switch off {plugin_id} [dim](another serves in its place)[/dim]")
    for group in plan["asks"]:
        console.print(f"\n[bold]{group['title']}[/bold]")
        for one in group["permissions"]:
            mark = "you choose" if one["optional"] else "needed"
            console.print(f"  • {one['words']} [dim]({mark})[/dim]")
            console.print(f"    [dim]{one['why']}  {one['capability']}[/dim]")
    price = plan["month_at_most"] or "nobody can say at most: something is paid by use"
    console.print(f"\nA month costs at most: {price}", highlight=False)


def show_why_not(console: Console, plan: dict[str, Any]) -> None:
    """The conflict, and the way out of it."""
    console.print("\n[bold red]These do not fit together:[/bold red]")
    for line in plan["why"]:
        console.print(f"  • {line}", highlight=False)
    if plan["changes"]:
        console.print("\n[bold]The fewest changes that would work:[/bold]")
        for line in plan["changes"]:
            console.print(f"  • {line}", highlight=False)
    else:
        console.print("\nNo few changes would work: name wider ranges or fewer agents.")


def show_runs(console: Console, told: dict[str, Any]) -> None:
    """What serves, and what was applied before."""
    page = escaped(told)
    if page["present"] is None:
        console.print("No bundle serves; apply one with `hp bundle apply bundle.toml`.")
    for run in page["items"]:
        mark = "[green]serves[/green]" if run == page["present"] else run["state"]
        why = f"  {run['why']}" if run["why"] else ""
        console.print(f"{run['began_at'][:16]}  {run['name']}  {mark}{why}", highlight=False)


def show_who(console: Console, told: dict[str, Any]) -> None:
    """Who would answer, why, and who is not there then."""
    found = escaped(told)
    heads = {"agent": f"{found['title']} answers", "person": "a person takes it",
             "decline": "it is declined politely"}  # fmt: skip
    console.print(
        f"[bold]{heads.get(found['kind'], 'the engine answers')}[/bold], {found['local']}"
    )
    console.print(f"  why: {found['why']}", highlight=False)
    if found["said"]:
        console.print(f"  says: {found['said']}", highlight=False)
    if found["away"]:
        console.print(f"  not there then: {', '.join(found['away'])}", highlight=False)
    if found["people_back"]:
        console.print(f"  people are back {found['people_back']}", highlight=False)


def show_difference(console: Console, before: str, after: str) -> None:
    """The lines of the text that would change."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "what serves", "this file", lineterm=""
    )
    for line in lines:
        style = {"+": "green", "-": "red"}.get(line[:1])
        console.print(line, style=style, markup=False, highlight=False)


def _release(step: dict[str, Any]) -> str:
    was = f" (was {step['was']})" if step["kind"] == "update" else ""
    return f"{step['plugin_id']} {step['version']}{was}"
