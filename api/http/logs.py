"""The server's log: a line of JSON each, from a closed list of fields, so that nothing of what was asked can stand in it.

A message is never filled in: libraries put addresses, headers and values into theirs. Of an exception the type and the places are
told and not its text, which may quote a filing.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

FIELDS = ("trace_id", "route", "status", "ms", "code", "job")
OURS = "fenji"
LONGEST = 200  # characters of a message
PLACES = 12  # calls of a trace, the innermost


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg).partition("\n")[0][:LONGEST] if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        told |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            told |= {"error": record.exc_info[0].__name__, "trace": _places(record.exc_info[2])}
        return json.dumps(told, ensure_ascii=False)


def _places(trace: Any) -> list[str]:
    """Return where an exception passed: files by their last two names, lines and functions, no values."""
    found = traceback.extract_tb(trace)[-PLACES:]
    return [f"{'/'.join(Path(each.filename).parts[-2:])}:{each.lineno} {each.name}" for each in found]


def configure(stream: TextIO | None = None) -> None:
    """Let everything that is logged go to standard error in this form: our requests, and what others warn of."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"  # it writes addresses with their queries
