"""What `hp market` prints for people."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

TONES = {"good": "green", "plain": "default", "careful": "yellow"}


def escaped(told: Any) -> Any:
    """What a publisher wrote is printed as it is: none of it is markup."""
    if isinstance(told, str):
        return escape(told)
    if isinstance(told, list):
        return [escaped(item) for item in told]
    if isinstance(told, dict):
        return {escape(key): escaped(item) for key, item in told.items()}
    return told


def show_found(console: Console, found: dict[str, Any]) -> None:
    """A page of search results with what it could be narrowed by."""
    if not found["items"]:
        console.print("nothing fits: try other words, or fewer choices")
        return
    table = _table("plugin", "", "kind", "category", "price", "stars")
    for one in found["items"]:
        price = ", ".join(one["prices"])
        table.add_row(one["id"], one["tagline"], one["kind"], one["category"], price, _stars(one))
    console.print(table)
    facets = found["facets"]
    for name in ("kind", "category", "language", "stars"):
        values = ", ".join(f"{value} {count}" for value, count in facets.get(name, {}).items())
        if values:
            console.print(f"[dim]--{name}: {values}[/dim]")
    console.print(f"{found['total']} found; `hp market show PLUGIN` tells more")


def show_plugin(console: Console, page: dict[str, Any]) -> None:
    """A plugin's shop window."""
    card = page["card"]
    console.print(f"[bold]{card['title']}[/bold] {card['version']}  {card['id']}")
    console.print(page["description"])
    for line in page["scorecard"]:
        console.print(f"  [{TONES[line['tone']]}]•[/] {line['words']}")
    console.print("\n[bold]May[/bold]")
    for one in page["permissions"]:
        optional = " [dim](optional)[/dim]" if one["optional"] else ""
        console.print(f"  • {one['words']}{optional}: [dim]{one['why']}[/dim]")
    listing = page["listing"] or {}
    for price in listing.get("prices", []):
        console.print(f"\nPrice: {_price(price)}")
    if listing.get("support"):
        console.print(f"Support: {listing['support']}")
    versions = ", ".join(
        one["version"] + ("" if one["status"] == "published" else f" ({one['status']})")
        for one in page["versions"][:10]
    )
    console.print(f"Versions: {versions}\nInstall it with `hp market install {card['id']}`")


def show_installed(console: Console, page: dict[str, Any]) -> None:
    """Installations, what waits and what is newer."""
    table = _table("plugin", "version", "follows", "newer", "waits for")
    for one in page["items"]:
        newer = one["newer"]["version"] if one["newer"] else ""
        policy = one["policy"]["follow"]
        waits = "; ".join(asked["words"] for asked in one["waiting"])
        name = one["plugin_id"] + ("" if one["enabled"] else " (off)")
        name += " (unreviewed)" if one["unreviewed"] else ""
        status = "" if one["status"] == "published" else f" {one['status']}"
        table.add_row(name, one["version"] + status, policy, newer, waits)
    console.print(table)
    console.print(
        f"[dim]your shop is {page['shop']}: publishers of private plugins ask for it[/dim]"
    )


def show_used(console: Console, used: dict[str, Any]) -> None:
    """What grants were used for."""
    table = _table("may", "calls", "last", "such as")
    for one in used["grants"]:
        last = f"{one['last_used'][:16].replace('T', ' ')} UTC" if one["last_used"] else "never"
        table.add_row(one["words"], f"{one['calls']:,}", last, ", ".join(one["examples"]))
    console.print(table)
    turns = "one turn" if used["turns"] == 1 else f"{used['turns']:,} newest turns"
    console.print(f"[dim]in the {turns} since {used['since'][:10]}[/dim]")
    for name, count in used["refused"].items():
        console.print(f"[yellow]asked for and not granted, {count} times: {name}[/yellow]")
    for one in used["unused"]:
        console.print(f"nothing used: {one['words']}; take it away with --remove")


def show_updated(console: Console, updated: dict[str, Any]) -> None:
    """What an update changed, and what it did not."""
    if updated["before"] == updated["version"]:
        console.print(f"{updated['plugin_id']}: {updated['version']} is installed already")
        return
    console.print(f"{updated['plugin_id']}: {updated['before']} → {updated['version']}")
    console.print(updated["change"])
    for one in updated["waiting"]:
        console.print(f"[yellow]not granted until you consent: {one['words']}[/yellow]")
    if updated["waiting"]:
        console.print(f"consent with `hp market consent {updated['plugin_id']}`")


def show_ratings(console: Console, page: dict[str, Any]) -> None:
    """What shops say of a plugin."""
    rated = page["rated"]
    if not rated["ratings"]:
        console.print("no shop that uses it has said anything yet")
    else:
        console.print(f"{rated['mean']} of 5 from {rated['ratings']}")
    for one in page["items"]:
        console.print(f"\n{one['stars']} of 5  [dim]{one['version']}  {one['id']}[/dim]")
        if one["text"]:
            console.print(f"  {one['text']}")
        if one["answer"]:
            console.print(f"  its publisher: {one['answer']}")
    if page["own"] and page["own"]["hidden_why"]:
        console.print(f"[yellow]yours is hidden: {page['own']['hidden_why']}[/yellow]")


def show_left(console: Console, left: dict[str, Any]) -> None:
    """What an uninstall took away."""
    grants, values = len(left["grants"]), left["kv_keys"]
    console.print(
        f"{left['plugin_id']} is removed with its credentials, {grants} permissions, {values} "
        "stored values and its configuration"
    )
    if left["kept_until"]:
        console.print(f"its own data come back with an install before {left['kept_until'][:10]}")


def _stars(one: dict[str, Any]) -> str:
    return f"{one['stars']} ({one['ratings']})" if one["ratings"] else ""


def _price(price: dict[str, Any]) -> str:
    if price["kind"] == "free":
        return "free"
    words = f"{price['amount']} {price['kind'].replace('_', ' ')}"
    if price.get("included"):
        words += f", {price['included']:,} included"
    if price.get("never_more_than"):
        words += f", never more than {price['never_more_than']} a month"
    return words


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False)
