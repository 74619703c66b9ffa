"""The tests that transition tables name: each returns what is wrong, or nothing when it holds.

All are pure and look only at the state and the event; the names in `of` say what they are about. A thing that is not known never
counts as being in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from engine.supervise import uscc
from engine.supervise.clocks import months_after
from engine.supervise.dated import FIRM, on_the_day, told_late
from engine.supervise.happening import Guard, Happening, collected, ran_out
from engine.supervise.settled import GUARDS as SETTLED
from engine.supervise.sides import GUARDS as SIDES
from engine.supervise.state import ex_officio

MANDATE = "mandate"  # the field that names the paper under which an official acts for the party


def _once(h: Happening, of: Sequence[str]) -> str:
    """None of these events has happened; without names, this one has not."""
    names = [name for name in of or [h.event.name] if h.done(name).count]
    return f"`{names[0]}` happened on {h.done(names[0]).on}, and happens once" if names else ""


def _done(h: Happening, of: Sequence[str]) -> str:
    """All of these events have happened."""
    missing = [name for name in of if not h.done(name).count]
    return f"`{missing[0]}` has not happened yet" if missing else ""


def _not_done(h: Happening, of: Sequence[str]) -> str:
    """None of these events has happened."""
    found = [name for name in of if h.done(name).count]
    return f"`{found[0]}` happened on {h.done(found[0]).on}" if found else ""


def _other_person(h: Happening, of: Sequence[str]) -> str:
    """Whoever does this, and the second official, did none of these events."""
    both = {h.event.by, h.event.second} - {""}
    for name in of:
        same = sorted(both & set(h.done(name).by))
        if same:
            return f"`{same[0]}` did `{name}`, so somebody else does this"
    return ""


def _parties(h: Happening) -> set[str]:
    """Return the firms that the stream is about, and that the event says it is about."""
    return {h.state.holder, h.event.holder} - {""}


def _impartial(h: Happening, of: Sequence[str]) -> str:
    """Nobody decides on a firm of their own, for an office while of a firm, nor is handed it or acts once recused (by `of`).

    Who asks to stay out of it themself, and does nothing else, may be anybody (Civil Servant Law, article 77). Whether a recusal
    stands is judged by anybody but the person concerned: an administrator who is recused too may lift that of another, or those
    who recused all of them would have closed the stream for good (design).
    """
    if not h.event.second and any(h.event.values.get(name) == h.event.by for name in of if name not in h.transition.drops):
        return ""
    if h.event.own in _parties(h):
        return f"`{h.event.by}` belongs to the party"
    if {"official", "admin"} & set(h.event.roles) and uscc.is_firm(h.event.unit):
        return f"`{h.event.by}` belongs to another firm"
    acting = {h.event.by, h.event.second, str(h.event.values.get("assignee", ""))}
    for name in of:
        out = {str(each) for each in _several(h.state.values.get(name))}
        both = sorted(acting & (out & {str(h.event.values.get(name))} if name in h.transition.drops else out))
        if both:
            return f"`{both[0]}` is recused from this stream; another administrator may lift that (`lift_recusal`)"
    return ""


def _recused_by_body(h: Happening, of: Sequence[str]) -> str:
    """Whoever names others to stay out (in `of`) is an administrator, or a second official signs; oneself anybody names alone."""
    others = {each for name in of for each in _several(h.event.values.get(name))} - {h.event.by}
    return "" if not others or "admin" in h.event.roles else _second(h, ())


def _own_holder(h: Happening, of: Sequence[str]) -> str:
    """An enterprise acts on its own streams; an official of no firm may act on any, and what happens by itself does.

    With a name in `of` a stream may be about nobody yet.
    """
    office = "official" in h.event.roles and not uscc.is_firm(h.event.unit)
    parties = _parties(h)
    if office or "system" in h.event.roles or (parties == {h.event.own} if parties else of):
        return ""
    if not h.event.own:
        unit = h.event.unit[:64]
        return f"`{h.event.by}` acts for no firm: the unit `{unit}` is no credit code (`fenji actor add ... --unit CODE`)"
    return f"`{h.event.by}` does not act for the party: the unit `{h.event.unit[:64]}` is the credit code of another firm"


def _for_party(h: Happening, of: Sequence[str]) -> str:
    """An act of the party: an official does it only under a paper of the party, which the field `mandate` names by its hash.

    Where the official filed ex officio there is no applicant to act for: giving the fields named by `of` the official then acts
    in the office's own name. Without names nobody but the party, or whoever has its mandate, ever does it.
    """
    if (
        "official" not in h.event.roles
        or MANDATE in h.event.given
        or (of and ex_officio(h.state) and h.event.given.issuperset(of))
    ):
        return ""
    return f"this is an act of the party, and `{h.event.by}` names no mandate of it"


def _office_ends(h: Happening, _of: Sequence[str]) -> str:
    """What the office began ex officio the office alone ends, in its own name: no firm takes it back, nor whoever has its paper.

    A case that a firm itself opened on such a filing was not begun by the office, and is the firm's to end.
    """
    openings = {each.event for each in h.table.transitions if not each.from_}
    by_firm = any(uscc.is_firm(unit) for name in openings for unit in h.done(name).units)
    if not ex_officio(h.state) or by_firm or not (FIRM in h.event.roles or MANDATE in h.event.given):
        return ""
    return "the office began this ex officio, so it is not the party's to end"


def _second(h: Happening, of: Sequence[str]) -> str:
    """A second, other person signs: always, or when one of these values is true."""
    if of and not any(h.value(name) is True for name in of):
        return ""
    return "" if h.event.second and h.event.second != h.event.by else "a second official must sign this"


def _given_if(h: Happening, of: Sequence[str]) -> str:
    """The first field is given when the value named second is true, or is (or holds) one of the others."""
    wanted, name, *values = of
    found = h.value(name)
    several = found if isinstance(found, list) else [found]
    met = any(each in values for each in several) if values else found is True
    return f"`{wanted}` is not given" if met and wanted not in h.event.given else ""


def _same_unit(h: Happening, of: Sequence[str]) -> str:
    """Somebody of the actor's unit did each of these events."""
    unit = uscc.tidy(h.event.unit)
    other = [name for name in of if unit not in map(uscc.tidy, h.done(name).units)]
    return f"`{h.event.by}` is of another unit than whoever did `{other[0]}`" if other else ""


def _asked_unit(h: Happening, of: Sequence[str]) -> str:
    """The actor's unit is one of those that the stream names in these fields."""
    asked = [unit for name in of for unit in _several(h.state.values.get(name))]
    return "" if h.event.unit and h.event.unit in asked else f"`{h.event.unit[:64]}` was not asked"


def _in_charge(h: Happening, of: Sequence[str]) -> str:
    """The actor is of the unit in charge (the field named); while there is none, of the unit that the event puts in charge.

    The second official may be of another unit.
    """
    unit = h.state.values.get(of[0]) or h.event.values.get(of[0])
    if not unit:
        return "no unit is in charge of this yet"
    return "" if h.event.unit == unit else f"`{h.event.by}` is of `{h.event.unit[:64]}`, and `{unit}` is in charge"


def _all_asked(h: Happening, of: Sequence[str]) -> str:
    """Every unit asked (first) has done the event (second)."""
    asked = h.state.values.get(of[0]) or []
    missing = [unit for unit in asked if unit not in h.done(of[1]).units] if isinstance(asked, list) else []
    return f"`{missing[0]}` was asked and has not answered" if missing else ""


def _heard(h: Happening, of: Sequence[str]) -> str:
    """One of the events (from the second on) has happened, or the time for it (the clock named first) has run out.

    They stop the clock, so while its last run goes on none has happened in it, whatever was said on the same day before.
    """
    clock, *names = of
    run = h.state.clock(clock)
    late = run is not None and run.running and bool(run.due) and ran_out(h, run)
    since = run.started if run else ""
    spoken = (run is None or run.stopped is not None) and any(h.done(name).count and h.done(name).on >= since for name in names)
    return "" if late or spoken else f"none of {', '.join(names)} has happened, and there is still time for it"


def _overdue(h: Happening, of: Sequence[str]) -> str:
    """The clock ran out; one whose end is not known has not."""
    run = h.state.clock(of[0])
    if run is None or not run.running or not run.due:
        return f"the clock `{of[0]}` does not run, or its end is not known"
    return "" if ran_out(h, run) else f"the clock `{of[0]}` runs until {run.due}"


def _not_overdue(h: Happening, of: Sequence[str]) -> str:
    """The clock did not run out; one whose end is not known may not have."""
    run = h.state.clock(of[0])
    if run is None:
        return f"the clock `{of[0]}` was never started"
    return f"the clock `{of[0]}` ran out on {run.due}" if run.due and ran_out(h, run) else ""


def _ended(h: Happening, of: Sequence[str]) -> str:
    """None of these clocks runs, or may yet go on; one that ran out has ended, one whose end is not known has not."""
    for name in of:
        run = h.state.clock(name)
        if run and run.stopped is None and not (run.running and run.due and ran_out(h, run)):
            return f"the clock `{name}` runs{f' until {run.due}' if run.due else ''}"
    return ""


def _equals(h: Happening, of: Sequence[str]) -> str:
    """The value named first is one of the others."""
    name, *wanted = of
    found = h.value(name)
    text = {True: "true", False: "false"}.get(found, found) if isinstance(found, bool) else found
    return "" if text in wanted else f"`{name}` is {'not known' if text is None else f'`{text}`'}, not {' or '.join(wanted)}"


def _fewer_than(h: Happening, of: Sequence[str]) -> str:
    """The event named first has happened fewer times than the number named second."""
    name, number = of
    count = h.done(name).count
    return "" if count < int(number) else f"`{name}` has happened {count} times, and may {number} times"


def _new_value(h: Happening, of: Sequence[str]) -> str:
    """The value that the event states is none that the stream has collected."""
    value = h.event.values.get(of[0])
    return f"`{value}` stands in it already" if value in collected(h, of[0]) else ""


def _known_value(h: Happening, of: Sequence[str]) -> str:
    """The value that the event states, or each of several, is one that the stream has collected."""
    unknown = [value for value in _several(h.event.values.get(of[0])) if value not in collected(h, of[0])]
    return f"`{unknown[0]}` does not stand in it" if unknown else ""


def _takes_part(h: Happening, of: Sequence[str]) -> str:
    """The value (first) is one of those that the event states, or the stream has, in the other fields."""
    name, *others = of
    known = [each for other in others for said in (h.event.values, h.state.values) for each in _several(said.get(other))]
    return (
        "" if h.value(name) in known else f"`{h.value(name)}` is none of {', '.join(map(str, known)) or 'them: there are none'}"
    )


def _spares(h: Happening, of: Sequence[str]) -> str:
    """What the event states (first) holds none of the values that the stream has (from the second on)."""
    stated, *others = of
    hit = [name for name in others if h.state.values.get(name) in _several(h.event.values.get(stated))]
    return f"`{h.state.values[hit[0]]}` is the `{hit[0]}`" if hit else ""


def _not_future(h: Happening, of: Sequence[str]) -> str:
    """None of these days lies after the day on which the event is told."""
    later = [(name, day) for name in of if isinstance(day := h.event.values.get(name), str) and day > h.event.told]
    return f"`{later[0][0]}` {later[0][1]} has not come yet" if later else ""


def _day_over(h: Happening, of: Sequence[str]) -> str:
    """Each of these days is over on the day on which the event is told: of a day that still runs nobody knows all."""
    open_ = [(name, day) for name in of if isinstance(day := h.event.values.get(name), str) and day >= h.event.told]
    return f"`{open_[0][0]}` {open_[0][1]} is not over yet" if open_ else ""


def _not_before(h: Happening, of: Sequence[str]) -> str:
    """The day (first) lies before none of the events (from the second on)."""
    name, *causes = of
    day = h.event.values.get(name)
    late = [cause for cause in causes if isinstance(day, str) and day < h.done(cause).on]
    return f"`{name}` {day} lies before `{late[0]}` on {h.done(late[0]).on}" if late else ""


def _lasts(h: Happening, of: Sequence[str]) -> str:
    """None of these days of the stream has passed on the day the event is told, whatever day it names: nothing is revived."""
    past = [(name, day) for name in of if isinstance(day := h.state.values.get(name), str) and day < h.event.told]
    return f"`{past[0][0]}` {past[0][1]} has passed" if past else ""


def _reached(h: Happening, of: Sequence[str]) -> str:
    """None of these days of the stream lies after the legal day of the event."""
    later = [(name, day) for name in of if isinstance(day := h.state.values.get(name), str) and day > h.event.on]
    return f"`{later[0][0]}` {later[0][1]} has not come yet" if later else ""


def _official_if(h: Happening, of: Sequence[str]) -> str:
    """Where one of these values is true, an official does this; texts among them tell why."""
    so = [name for name in of if h.value(name) is True]
    if not so or "official" in h.event.roles:
        return ""
    told = ", ".join(f"`{name}` is `{h.value(name)}`" for name in of if isinstance(h.value(name), str))
    return f"`{so[0]}` is true{f' ({told})' if told else ''}, and `{h.event.by}` is no official"


def _extends_by(h: Happening, of: Sequence[str]) -> str:
    """The event moves a day of the stream (first) to a later one, by no more months than were asked (second)."""
    name, months = of
    before, after, asked = h.state.values.get(name), h.event.values.get(name), h.state.values.get(months)
    if not isinstance(before, str) or not isinstance(after, str) or not isinstance(asked, int):
        return f"`{name}` or `{months}` is not known"
    last = months_after(date.fromisoformat(before), asked).isoformat()
    return "" if before < after <= last else f"`{name}` {after} is not after {before} and by {last}, {asked} months later"


def _extends_within(h: Happening, of: Sequence[str]) -> str:
    """The event moves a day of the stream (first) to a later one, by no more than a number of months (second)."""
    name, months = of
    before, after = h.state.values.get(name), h.event.values.get(name)
    if not isinstance(before, str) or not isinstance(after, str):
        return f"`{name}` is not known: nothing ends that could be extended"
    last = months_after(date.fromisoformat(before), int(months)).isoformat()
    return "" if before < after <= last else f"`{name}` {after} is not after {before} and by {last}, {months} months later"


def _not_sooner(h: Happening, of: Sequence[str]) -> str:
    """None of these days of the stream is moved to an earlier one, or set where there was none."""
    for name in of:
        before, after = h.state.values.get(name), h.event.values.get(name)
        if isinstance(after, str) and not (isinstance(before, str) and before <= after):
            return f"`{name}` {after} is sooner than {before or 'before, when there was none'}"
    return ""


def _not_earlier(h: Happening, of: Sequence[str]) -> str:
    """None of these days of the stream is moved to an earlier one; where there was none any will do."""
    for name in of:
        before, after = h.state.values.get(name), h.event.values.get(name)
        if isinstance(before, str) and isinstance(after, str) and after < before:
            return f"`{name}` {after} is earlier than {before}"
    return ""


def _not_longer(h: Happening, of: Sequence[str]) -> str:
    """None of these days of the stream is moved to a later one."""
    for name in of:
        before, after = h.state.values.get(name), h.event.values.get(name)
        if isinstance(before, str) and isinstance(after, str) and after > before:
            return f"`{name}` {after} is later than {before}"
    return ""


def _within_months(h: Happening, of: Sequence[str]) -> str:
    """A day (first) is no later than so many months after an event (second): as many as a value says (third), else the number.

    The event may be the one that is judged.
    """
    name, since, months, number = of
    day, count = h.event.values.get(name), h.state.values.get(months, int(number))
    start = h.event.on if since == h.event.name else h.done(since).on
    if not isinstance(day, str) or not isinstance(count, int) or not start:
        return f"`{name}` is not known, or `{since}` has not happened"
    last = months_after(date.fromisoformat(start), count).isoformat()
    return "" if day <= last else f"`{name}` {day} is later than {last}, {count} months after `{since}`"


def _owed(h: Happening, of: Sequence[str]) -> str:
    """Every name in the first field is a clock of the table, or stands in the second: what is misspelt is not taken for told."""
    told, owes = (h.value(name) for name in of)
    known = [*(each.id for each in h.table.clocks), *(owes if isinstance(owes, list) else [])]
    unknown = [name for name in told if name not in known] if isinstance(told, list) else []
    return f"`{unknown[0]}` is no report of this stream; there are {', '.join(dict.fromkeys(known))}" if unknown else ""


def _ended_or_done(h: Happening, of: Sequence[str]) -> str:
    """The clock named first no longer runs, and may not go on, or one of the events has happened."""
    clock, *names = of
    return "" if any(h.done(name).count for name in names) else _ended(h, [clock])


def _none_runs(h: Happening, _of: Sequence[str]) -> str:
    """No clock runs or stands still any more."""
    left = [run.clock for run in h.state.clocks if run.stopped is None]
    return f"the clock `{left[0]}` has not been stopped" if left else ""


def _several(value: object) -> list[object]:
    """Return a value as the list of its values, none for what is not known."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _same(h: Happening, of: Sequence[str]) -> str:
    """The event names in the first field what the stream has in the second."""
    name, other = of
    stated, known = h.event.values.get(name), h.state.values.get(other)
    return "" if stated is not None and stated == known else f"`{name}` is not what `{other}` is"


def _only_if(h: Happening, of: Sequence[str]) -> str:
    """The first field is given only when the value named second is true, or is one of the others."""
    stated, name, *values = of
    found = h.value(name)
    met = found in values if values else found is True
    return f"`{stated}` is given, and `{name}` does not allow it" if stated in h.event.given and not met else ""


def _not_both(h: Happening, of: Sequence[str]) -> str:
    """The event does not give the second field while it says that the first, which rules it out, is true."""
    denied, stated = of
    both = h.event.values.get(denied) is True and stated in h.event.given
    return f"`{denied}` is true, and `{stated}` is given: one of them is wrong" if both else ""


def _same_person(h: Happening, of: Sequence[str]) -> str:
    """Whoever does this did all of these events."""
    other = [name for name in of if h.event.by not in h.done(name).by]
    return f"`{h.event.by}` did not do `{other[0]}`" if other else ""


def _reveals(h: Happening, of: Sequence[str]) -> str:
    """The bytes that the first field states in hexadecimal have the SHA-256 that the stream has in the second."""
    stated, committed = h.event.values.get(of[0]), h.state.values.get(of[1])
    found = sha256(bytes.fromhex(stated)).hexdigest() if isinstance(stated, str) else None
    return "" if found is not None and found == committed else f"`{of[0]}` is not what `{of[1]}` commits to"


def _among(h: Happening, of: Sequence[str]) -> str:
    """Whoever does this, and the second official, are among those that the stream names."""
    named = collected(h, of[0])
    other = sorted({h.event.by, h.event.second} - {"", *(str(each) for each in named)})
    return f"`{other[0]}` is none of {', '.join(map(str, named)) or 'those named'}" if other else ""


def _tells_whether_differ(h: Happening, of: Sequence[str]) -> str:
    """The first field says whether the last two values collected in the second, and the value named third, differ."""
    told, name, found = of
    differ = len({str(each) for each in (*collected(h, name)[-2:], h.value(found))}) > 1
    return "" if h.event.values.get(told) is differ else f"`{told}` is not what `{name}` and `{found}` show"


def _second_unless(h: Happening, of: Sequence[str]) -> str:
    """A second, other person signs where none of these events has happened."""
    return "" if any(h.done(name).count for name in of) else _second(h, ())


GUARDS: dict[str, Guard] = {
    **SETTLED,
    **SIDES,
    "once": _once,
    "done": _done,
    "not_done": _not_done,
    "other_person": _other_person,
    "impartial": _impartial,
    "own_holder": _own_holder,
    "for_party": _for_party,
    "office_ends": _office_ends,
    "recused_by_body": _recused_by_body,
    "second": _second,
    "given_if": _given_if,
    "same_unit": _same_unit,
    "asked_unit": _asked_unit,
    "in_charge": _in_charge,
    "on_the_day": on_the_day,
    "told_late": told_late,
    "all_asked": _all_asked,
    "heard": _heard,
    "overdue": _overdue,
    "ended": _ended,
    "ended_or_done": _ended_or_done,
    "not_overdue": _not_overdue,
    "equals": _equals,
    "fewer_than": _fewer_than,
    "new_value": _new_value,
    "known_value": _known_value,
    "takes_part": _takes_part,
    "spares": _spares,
    "not_future": _not_future,
    "not_before": _not_before,
    "day_over": _day_over,
    "lasts": _lasts,
    "reached": _reached,
    "official_if": _official_if,
    "extends_by": _extends_by,
    "extends_within": _extends_within,
    "not_earlier": _not_earlier,
    "not_longer": _not_longer,
    "not_sooner": _not_sooner,
    "within_months": _within_months,
    "owed": _owed,
    "none_runs": _none_runs,
    "same": _same,
    "only_if": _only_if,
    "same_person": _same_person,
    "reveals": _reveals,
    "among": _among,
    "tells_whether_differ": _tells_whether_differ,
    "second_unless": _second_unless,
    "not_both": _not_both,
}
