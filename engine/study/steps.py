"""What lies one step beside a part of the law: the next article, a day earlier or later, a shorter deadline, another outcome."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from engine.rulebook import graph
from schemas.rulebook import Effect, Period, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.rulebook import Due, Outcome

Step = tuple[str | int, ...]
OTHER: dict[Effect, Effect] = {"statutory": "advisory", "advisory": "statutory", "agreed": "statutory", "owner": "advisory"}
OFFSETS = ("hours", "days", "working_days", "months")
DAY = timedelta(days=1)
_NUMBER = re.compile(r"[0-9]+")


def replaced(values: Sequence[Any], index: int, value: Any) -> list[Any]:
    """Return a list with another value at one place."""
    return [*values[:index], value, *values[index + 1 :]]


def given_otherwise(outcome: Outcome, given: str | list[str]) -> Iterator[tuple[str, str | None, str | list[str]]]:
    """Yield what a rule gives, what instead, and the whole: one value less, or the next one in their order."""
    if isinstance(given, str) and graph.expression(given) is not None:
        return
    order = [value.id for value in outcome.values]
    if outcome.combine == "union":
        values = [given] if isinstance(given, str) else given
        yield from ((value, None, [each for each in values if each != value]) for value in values)
    elif isinstance(given, str) and len(order) > 1:
        other = order[(order.index(given) + 1) % len(order)]
        yield given, other, other


def sources_beside(sources: list[Source]) -> Iterator[tuple[int, Source, Source | None, list[Source]]]:
    """Yield each source with the article after it instead, or without it where it names none."""
    for index, source in enumerate(sources):
        if found := _NUMBER.search(source.article):
            article = f"{source.article[: found.start()]}{int(found[0]) + 1}{source.article[found.end() :]}"
            other = source.model_copy(update={"article": article})
            yield index, source, other, replaced(sources, index, other)
        else:
            yield index, source, None, sources[:index] + sources[index + 1 :]


def moved(versions: Sequence[Any], first: date) -> Iterator[tuple[Step, Period, Period, list[Any]]]:
    """Yield versions whose first or last day is one day earlier or later; a day between two of them moves both."""
    for index, version in enumerate(versions):
        valid: Period = version.valid
        before = next((i for i, other in enumerate(versions) if other.valid.end and other.valid.end + DAY == valid.start), None)
        for step in (-DAY, DAY):
            start = valid.start + step
            if start < first or (valid.end is not None and start > valid.end):
                continue
            span = Period(start=start, end=valid.end)
            found = replaced(versions, index, version.model_copy(update={"valid": span}))
            if before is not None:
                cut = Period(start=versions[before].valid.start, end=start - DAY)
                found = replaced(found, before, found[before].model_copy(update={"valid": cut}))
            yield (index, "valid"), valid, span, found
        if valid.end and not any(other.valid.start == valid.end + DAY for other in versions):
            for step in (-DAY, DAY):
                if valid.end + step >= valid.start:
                    span = Period(start=valid.start, end=valid.end + step)
                    yield (index, "valid"), valid, span, replaced(versions, index, version.model_copy(update={"valid": span}))


def dues_beside(due: Due) -> Iterator[tuple[str, str, str, Due]]:
    """Yield deadlines that are one unit, or one day, shorter or longer."""
    for key in OFFSETS:
        if count := getattr(due, key):
            for step in (-1, 1):
                changed = due.model_copy(update={key: count + step})
                yield key, fallen(due), fallen(changed), changed
    if due.by:
        for days in (-DAY, DAY):
            changed = due.model_copy(update={"by": due.by + days})
            yield "by", fallen(due), fallen(changed), changed


def fallen(due: Due) -> str:
    """Return when a duty falls due, as people write it down: `10 working days after launch.date`."""
    if due.by:
        return f"by {due.by}"
    if due.before:
        return f"before {due.before}"
    key, count = next(((key, count) for key in OFFSETS if (count := getattr(due, key))), ("days", 0))
    return f"{count} {key.replace('_', ' ')} after {due.after}"
