"""No wall: an empty environment and the given file numbers only. For first-party code."""

import subprocess

from hyperpersonal_runtime.jail.program import Program, Tier


class PlainJail:
    """Tier `none`."""

    tier: Tier = "none"

    def spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        python, *words = program.argv
        return subprocess.Popen(
            [python, "-I", *words],
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=program.output,
            stderr=program.output,
            pass_fds=program.fds,
            start_new_session=True,
        )

    def refusal(self, plugin_id: str) -> str:
        return ""
