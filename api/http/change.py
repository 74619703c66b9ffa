"""The one way in which a request changes a stream: allowed, once per key, of the state that was seen, written by one thread.

A route makes the act in the writing thread, so that nothing comes between the judgement of If-Match and the event. The id of the
event is reserved before: after a crash the event is found under it, and the answer is made again from its record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from api.access.accounts import digest
from api.access.permissions import Who
from api.http.acts import narrow
from api.http.conditions import LOCATION, TAGGED, IfMatch, Key, Second, etag, require
from api.http.office import Office, key_of, not_found, office
from api.http.once import Answer
from api.http.things import Noun, owned
from engine.errors import FenjiError
from engine.evidence import canonical
from engine.evidence.installation import Installation
from engine.evidence.keys import PublicKey
from engine.evidence.log import stamp
from engine.store import reading
from engine.store import streams as stored
from engine.store.append import NO_DUE
from engine.supervise import cases
from engine.supervise.registers import Actor
from engine.supervise.streams import Act, Recorded, Streams
from schemas.http.streams import Changed

DONE: dict[int | str, dict[str, Any]] = {200: {"model": Changed, "headers": TAGGED, "description": "Recorded."}}
MADE: dict[int | str, dict[str, Any]] = {
    201: {"model": Changed, "headers": {**TAGGED, **LOCATION}, "description": "Begun and recorded."}
}


@dataclass(frozen=True)
class Doing:
    """What an act is made with, in the writing thread; `id` is reserved for its event, and for a stream that it begins."""

    at: Office
    who: Who
    streams: Streams
    now: datetime
    id: str
    expected: int | None = None
    second: Who | None = None

    @property
    def by(self) -> PublicKey:
        """The key of whoever acts. Raises SigningError."""
        return key_of(self.at, self.who, self.now)

    @property
    def second_by(self) -> PublicKey | None:
        """The key of the second official, None without one. Raises SigningError."""
        return key_of(self.at, self.second, self.now) if self.second else None

    @property
    def actor(self) -> Actor:
        """Whoever acts, as a register knows them. Raises SigningError."""
        return Actor(self.by, self.now, self.id, self.expected)

    @property
    def desk(self) -> cases.Office:
        """The office in which rules are asked and decisions recorded. Raises SigningError."""
        return cases.Office(self.streams, self.by, self.now, self.at.chosen.release, self.second_by, self.id, self.expected)

    def act(self, process: str, event: str, fields: Mapping[str, Any], stream: str = "", on: date | None = None) -> Act:
        """Return an act on a stream, which it begins when none is named. Raises SigningError."""
        return Act(stream or self.id, process, event, self.by, self.now, fields, on, self.second_by, self.expected, self.id)


# streams, the statement of the event and its receipt -> the answer; made again from the record after a crash
Tell = Callable[[Streams, dict[str, Any], str], dict[str, Any]]


@dataclass(frozen=True)
class _Effect:
    """What a request does, and how it is told."""

    do: Callable[[Doing], Recorded]
    tell: Tell


class Making:
    """A request that begins a stream. As a dependency it reads Idempotency-Key."""

    def __init__(self, request: Request, key: Key = "", second: Second = "") -> None:
        """Read the headers of a request."""
        self.request, self.key, self._second = request, key, second
        self.at = office(request)

    @property
    def who(self) -> Who:
        """Who asks. Raises SigningError."""
        return self.at.who(self.request)

    def make(self, noun: Noun, do: Callable[[Doing], Recorded]) -> Response:
        """Begin a stream. Raises what `do` raises."""
        return self._answered(noun, 201, self._once(lambda reserved: self._written(201, reserved, _Effect(do, told))))

    def _once(self, effect: Callable[[str], Answer]) -> Answer:
        url = self.request.url
        said = digest(f"{self.request.method} {url.path}?{url.query}\n{self.request.state.raw.decode('utf-8', 'replace')}")
        return self.at.once.run(self.who, self.key, said, self.at.now(), effect)

    def _written(self, status: int, reserved: str, effect: _Effect) -> Answer:
        second = self.at.second(self._second, self.who, self.request.state.action) if self._second else None

        def work(home: Installation) -> Answer:
            found = reading.record(home.store, reserved)  # of an attempt that was cut off after its event was recorded
            if found is None:
                doing = Doing(self.at, self.who, self.at.streams(home), self.at.now(), reserved, None, second)
                recorded = effect.do(doing)
                return Answer(status, effect.tell(doing.streams, recorded.statement, recorded.receipt.text()))
            head = home.head()
            if head is None:
                raise not_found()
            receipt = home.log(stamp(self.at.now())).receipt(found.seq, head).text()
            statement = canonical.loads(found.payload, "the record")["predicate"]
            return Answer(status, effect.tell(self.at.streams(home), statement, receipt))

        return self.at.writer.do(work)

    @staticmethod
    def _answered(noun: Noun, status: int, found: Answer) -> Response:
        headers = {"etag": etag(found.body["number"]), "cache-control": "no-store"}
        if status == 201:  # noqa: PLR2004 - Created
            headers["location"] = f"{noun.path}/{found.body['id']}"
        return Response(canonical.dumps(found.body), found.status, headers, "application/json")


class Changing(Making):
    """A request that changes a stream. As a dependency it reads Idempotency-Key and If-Match."""

    def __init__(self, request: Request, key: Key = "", match: IfMatch = "", second: Second = "") -> None:
        """Read the headers of a request."""
        super().__init__(request, key, second)
        self._match = match

    def change(self, noun: Noun, stream: str, do: Callable[[Doing], Recorded], tell: Tell | None = None) -> Response:
        """Change a stream of a noun that whoever asks may do the route's action to. Raises what `do` raises.

        `tell` makes the answer, where it is more than `Changed`, or less. A refusal carries the ETag after it: the attempt is an
        event of the stream too.
        """
        owned(self.at, self.request, stream, noun)
        effect = _Effect(do, tell or told)
        return self._answered(noun, 200, self._once(lambda reserved: self._of_state(stream, reserved, effect)))

    def change_as(self, noun: Noun, stream: str, actions: tuple[str, ...], do: Callable[[Doing], Recorded]) -> Response:
        """Change a stream as the first of some actions that whoever asks may do; what is another's is not found all the same."""
        owned(self.at, self.request, stream, noun)
        narrow(self.request, actions)
        return self.change(noun, stream, do)

    def change_if(
        self, noun: Noun, stream: str, look: Callable[[Office], Act | None], do: Callable[[Doing, Act], Recorded]
    ) -> Response:
        """Change a stream by what a look at it finds; 204 when there is nothing to do. The look keeps no writer waiting."""
        state = owned(self.at, self.request, stream, noun)

        def effect(reserved: str) -> Answer:
            require(self._match, etag(state.number))
            found = look(self.at)
            if found is None:  # also after a crash whose event is the one that would be found
                return Answer(204, {"number": state.number})
            return self._of_state(stream, reserved, _Effect(lambda doing: do(doing, found), told))

        answer = self._once(effect)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Response(status_code=204, headers={"etag": etag(answer.body["number"]), "cache-control": "no-store"})
        return self._answered(noun, 200, answer)

    def _of_state(self, stream: str, reserved: str, effect: _Effect) -> Answer:
        def judged(doing: Doing) -> Recorded:
            home = doing.streams.home
            row = stored.stream(home.store, stream)
            if row is None:
                raise not_found()
            require(self._match, etag(row.number))
            try:
                return effect.do(replace(doing, expected=row.number))
            except FenjiError as error:
                after = stored.stream(home.store, stream)
                error.headers = {"etag": etag(after.number)} if after else {}
                raise

        return self._written(200, reserved, _Effect(judged, effect.tell))


def told(_: Streams, statement: dict[str, Any], receipt: str) -> dict[str, Any]:
    """Return what is told of a recorded event: where its stream stands, its statement and its receipt."""
    shows = statement["shows"]
    return Changed(
        id=statement["stream"],
        process=statement["process"],
        state=statement["to"],
        number=statement["number"],
        closed=shows["closed"],
        due=None if shows["due"] == NO_DUE else shows["due"],
        event=statement["event_id"],
        statement=statement,
        receipt=receipt,
    ).model_dump()
