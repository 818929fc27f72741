"""Groups that tell each command's first sentence whole, and ones that import a command only when
it is called."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

SENTENCE_CHARS_MAX = 200

Commands = Mapping[str, tuple[str, str]]
"""By name: the module that has the command, and one line about it."""


class ToldGroup(click.Group):
    """A group whose help tells each command's first sentence to its end, in the order of work;
    click sorts them and cuts a sentence where the line ends. Groups inside are alike."""

    group_class = type

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        told = [
            (name, command.get_short_help_str(SENTENCE_CHARS_MAX))
            for name, command in self.commands.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(told)


class LazyGroup(click.Group):
    """A group of such commands.

    Args:
        commands: all of them. A module that adds its commands to the group by itself is imported
            for that; else the command is its attribute of the command's name.
        attributes: of commands whose attribute has another name.
    """

    group_class = ToldGroup

    def __init__(
        self,
        *args: Any,
        lazy: Commands | None = None,
        attributes: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy or {}
        self._attributes = attributes or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module = importlib.import_module(self._lazy[cmd_name][0])
        added = self.commands.get(cmd_name)
        if added is not None:
            return added
        command: click.Command = getattr(module, self._attributes.get(cmd_name, cmd_name))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._lazy.items()])
