"""A stream as a value: what its events add up to, written and read back to the byte, and the event that comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.evidence import canonical
from engine.store.append import NO_DUE

SUBMITTED = ("submit", "submit_for_party", "submit_ex_officio")  # the events that submit a filing: by whom
DRIFT = "drift"  # the value of a stream that says how its answer moved, until it is answered again
MARK = "mark"  # the value of a stream that keeps others as they stood at an event, for whatever comes back to them
UNDETERMINED = "undetermined"  # what a track or an outcome is called that the rules leave open
TAKE_UP = "take_up"  # the event of a filing that names a case opened on it
FILED_BY = ("enterprise", "official", "ex_officio")  # what they are called in what was filed, in the same order


@dataclass(frozen=True, slots=True)
class Pause:
    """A time during which a clock stood still; no `end` while it still does."""

    start: str
    end: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a clock. Times are legal days, for limits in hours moments (RFC 3339).

    `soonest` and `due` bound the last day or moment in time, as the calendar had it when the last event was recorded; they are
    empty while nothing says it.
    INVARIANT: no interval ends before it starts, so that no clock is ever negative.
    """

    clock: str
    started: str
    pauses: tuple[Pause, ...] = ()
    stopped: str | None = None
    soonest: str = ""
    due: str = ""

    @property
    def running(self) -> bool:
        """Whether time counts now."""
        return self.stopped is None and not self.paused

    @property
    def paused(self) -> bool:
        """Whether it stands still, and may go on."""
        return self.stopped is None and bool(self.pauses) and self.pauses[-1].end is None


@dataclass(frozen=True, slots=True)
class Done:
    """What is known of the events of one name: how many, the day of the last, who did or signed them, and in which units."""

    count: int
    on: str
    by: tuple[str, ...]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A stream as it stands. `name` is the state of its table, empty before the opening; `number` counts all its events.

    `on` is the legal day of the event that led here, `values` the open fields (the last given, or all of a `collect` field).
    """

    stream: str
    process: str
    name: str = ""
    number: int = 0
    refused: int = 0
    on: str = ""
    at: str = ""
    opened: str = ""
    closed: bool = False
    holder: str = ""
    subject: str = ""
    due: str = NO_DUE
    values: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    clocks: tuple[Run, ...] = ()

    def clock(self, name: str) -> Run | None:
        """Return the last run of a clock, or None."""
        return next((run for run in reversed(self.clocks) if run.clock == name), None)

    def to_json(self) -> dict[str, Any]:
        """Return the state as a JSON value."""
        return asdict(self)

    def text(self) -> str:
        """Return the state as canonical JSON."""
        return canonical.dumps(self.to_json()).decode()


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as far as a table judges it: who, when, the open values, and the names of all fields that were given.

    `own` is the keyed hash of the firm that the actor belongs to, `holder` and `subject` those that the event states; `told` is
    the day on which it was recorded, `at` the moment.
    """

    name: str
    by: str
    roles: tuple[str, ...]
    unit: str
    on: str
    told: str
    at: str
    values: Mapping[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    second: str = ""
    second_roles: tuple[str, ...] = ()
    second_unit: str = ""
    own: str = ""
    holder: str = ""
    subject: str = ""


def filed_by(state: State) -> str:
    """Return by whom a filing, or the filing of a case, was submitted: one of `FILED_BY`, empty where nothing says it."""
    submitted = (name for event, name in zip(SUBMITTED, FILED_BY, strict=True) if event in state.done)
    return next(submitted, str(state.values.get("filed_by", "")))


def ex_officio(state: State) -> bool:
    """Tell whether a filing, or that of a case, was submitted ex officio: nobody asked for anything."""
    return filed_by(state) == FILED_BY[2]


def from_text(text: str) -> State:
    """Return the state that canonical JSON says. Raises EvidenceError when it was changed."""
    value = canonical.loads(text.encode(), "the state of a stream")
    done = {
        name: Done(each["count"], each["on"], tuple(each["by"]), tuple(each["units"])) for name, each in value["done"].items()
    }
    clocks = tuple(Run(**{**run, "pauses": tuple(Pause(**pause) for pause in run["pauses"])}) for run in value["clocks"])
    return State(**{**value, "done": done, "clocks": clocks})
