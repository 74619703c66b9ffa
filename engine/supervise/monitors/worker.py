"""The process in which durable_rules runs: it has ended in a segmentation fault before, and must not take a pilot with it.

Frames on both pipes are a length in four bytes and JSON. In: first the number of monitors, then lists of messages. Out:
`{"ready": version}`, then per list `{"bits": [...]}`, or `{"failed": reason}` for what a rule's action raised.
"""

from __future__ import annotations

import json
import struct
import sys
from importlib.metadata import version
from typing import Any, BinaryIO

from engine.supervise.monitors.to_stream import RULESET, SEEN, SESSION, definition

LENGTH = struct.Struct(">I")


def read(pipe: BinaryIO) -> Any:
    """Return the next frame, None at the end."""
    head = pipe.read(LENGTH.size)
    return json.loads(pipe.read(LENGTH.unpack(head)[0])) if len(head) == LENGTH.size else None


def write(pipe: BinaryIO, value: Any) -> None:
    """Write one frame."""
    data = json.dumps(value).encode()
    pipe.write(LENGTH.pack(len(data)) + data)
    pipe.flush()


class Rules:
    """The rules in one host of durable_rules, without its timer threads: they would run actions at times of their own."""

    def __init__(self, count: int) -> None:
        """Register the rules of `count` monitors; an action notes the number of its rule."""
        from durable.engine import Host  # noqa: PLC0415 - only this process has it

        class Still(Host):  # type: ignore[misc, unused-ignore]
            def _run(self) -> None:
                """Start nothing."""

        self.fired: list[str] = []
        rules = {name: {**rule, "run": self._action(name)} for name, rule in definition(count).items()}
        self.host = Still({RULESET: rules})

    def _action(self, name: str) -> Any:
        def run(_: Any) -> None:
            self.fired.append(name)

        return run

    def ask(self, message: dict[str, Any]) -> int:
        """Return the bits of the monitors that hold for a message. Raises RuntimeError when a rule did not run."""
        self.fired.clear()
        state = self.host.assert_fact(RULESET, message)
        self.host.delete_state(RULESET, SESSION)
        raised = (state or {}).get("exception")
        if raised or SEEN not in self.fired:
            raise RuntimeError(raised or "the message met no rule")
        return sum(1 << int(name[1:]) for name in self.fired if name != SEEN)


def main() -> None:
    """Answer until the pipe ends."""
    given, out = sys.stdin.buffer, sys.stdout.buffer
    rules = Rules(read(given))
    write(out, {"ready": version("durable-rules")})
    while (messages := read(given)) is not None:
        try:
            answer: dict[str, Any] = {"bits": [rules.ask(message) for message in messages]}
        except Exception as error:  # noqa: BLE001 - whatever an action raised must be seen outside
            answer = {"failed": str(error)[:500]}
        write(out, answer)


if __name__ == "__main__":
    main()
