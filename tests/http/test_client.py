"""The client says what the OpenAPI document says, and works against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import nan
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Required, Union, get_args, get_origin, get_type_hints

import httpx2
import pytest
from pydantic import TypeAdapter

from api.cli.options import now
from api.cli.rulebooks import choose_for_record
from api.client import Client, Pages, Refused, data, records, service, supervised
from api.client.declared import ARCHIVE, NAMED, Noun, Operation
from api.http.app import create
from api.http.office import Settings
from schemas.http.service import Batch
from tests.http.conftest import Running
from tests.http.test_app import FACTS, SURE

DOCUMENT = create(Settings(Path("nowhere"), now, lambda opened, day: choose_for_record(opened, "", day))).openapi()
BROWSERS = {"GET /v1/oidc/log-in", "GET /v1/oidc/callback"}  # a person is sent to their identity provider and back
HEADERS = {"Idempotency-Key": "keyed", "If-Match": "changes", "If-None-Match": "kept"}
PARTS = DOCUMENT["components"]["schemas"]


def declared() -> dict[str, list[Operation]]:
    """The operations that the client declares, by method and path: some have a method for each way of asking."""
    found: dict[str, list[Operation]] = {}
    for module in (data, records, service, supervised):
        nouns = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Noun)]
        for method in [each for noun in nouns for each in vars(noun).values() if hasattr(each, "operation")]:
            found.setdefault(f"{method.operation.method} {method.operation.path}", []).append(method.operation)
    return found


DECLARED = declared()
OPERATIONS = {f"{method.upper()} {path}": each for path, of in DOCUMENT["paths"].items() for method, each in of.items()}


def test_every_operation_has_a_method_and_every_method_an_operation() -> None:
    assert set(DECLARED) == set(OPERATIONS) - BROWSERS
    reached = {id(type(each)) for each in vars(Client("http://127.0.0.1")).values() if isinstance(each, Noun)}
    classes = {noun for module in (data, records, service, supervised) for noun in vars(module).values() if _is_noun(noun)}
    assert {id(each) for each in classes} == reached


def _is_noun(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, Noun) and each is not Noun


def parameters(of: Operation) -> dict[str, tuple[Any, bool]]:
    """What a method takes, by its name on the wire: its type, and whether it must be given."""
    found: dict[str, tuple[Any, bool]] = {name: (str, True) for name, _ in of.sends}
    for name, each in list(of.signature.parameters.items())[1:]:
        hint = of.hints[name]
        if each.kind is each.VAR_KEYWORD:
            said = get_args(hint)[0]
            kinds = get_type_hints(said, include_extras=True)  # `Required` in a text counts for type checkers only
            must = {key for key, kind in kinds.items() if get_origin(kind) is Required or key in said.__dict__.get("must", ())}
            found |= {key: (kind, key in must) for key, kind in get_type_hints(said).items()}
        else:
            found[name.rstrip("_")] = (hint, each.default is each.empty)
    return found


def simple(schema: Any) -> Any:
    """A schema as what it lets through: types and constants; fields of objects by name, those that must be there marked."""
    if "$ref" in schema:
        return simple(PARTS[schema["$ref"].rpartition("/")[2]])
    found: set[Any] = set()
    for each in schema.get("anyOf") or schema.get("oneOf") or ():
        found |= simple(each)
    if "enum" in schema or "const" in schema:
        return found | {("one of", tuple(sorted(schema.get("enum") or [schema["const"]])))}
    match schema.get("type"):
        case "array":
            found.add(("list", frozenset(simple(schema["items"]))))
        case "object":
            fields = {
                (name, name in schema.get("required", ()), frozenset(simple(each)))
                for name, each in schema.get("properties", {}).items()
            }
            found.add(("object", frozenset(fields)))
        case str() as other if other != "null":  # what is null is not sent: the client leaves it out
            found.add(other)
    return found


def of_hint(hint: Any) -> Any:
    """The same of a parameter's type."""
    schema = TypeAdapter(hint).json_schema()
    inner = schema.pop("$defs", {})
    PARTS.update({name: each for name, each in inner.items() if name not in PARTS})
    return simple(schema)


def wider(ours: Any, theirs: Any) -> bool:
    """Tell whether what the client takes is what the server takes, where the client may leave words to the server to judge."""
    words = {each for each in theirs if isinstance(each, tuple) and each[0] == "one of"}
    mine = {each for each in ours if isinstance(each, tuple) and each[0] == "one of"}
    if words and "string" in ours:
        theirs = (theirs - words) | {"string"}
    elif mine and words and {word for _, some in mine for word in some} <= {word for _, some in words for word in some}:
        ours, theirs = ours - mine, theirs - words
    return bool(ours == theirs)


def said(operation: dict[str, Any]) -> dict[str, tuple[Any, bool]]:
    """What an operation takes, outside of headers and the cursor that `Pages` follows."""
    found = {
        each["name"]: (each["schema"], bool(each.get("required")))
        for each in operation.get("parameters", ())
        if each["in"] in ("path", "query") and each["name"] != "after"
    }
    content = operation.get("requestBody", {}).get("content", {})
    if "application/zip" in content:
        found[ARCHIVE] = ({}, True)
    schema = content.get("application/json", {}).get("schema", {})
    bodies = schema.get("oneOf") or ([schema] if schema else [])
    for body in [PARTS[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in bodies]:
        for name, each in body["properties"].items():
            found[name] = (each, name in body.get("required", ()) and len(bodies) == 1)
    return found


@pytest.mark.parametrize("label", sorted(DECLARED))
def test_a_method_takes_what_the_document_says(label: str) -> None:
    ways, operation = DECLARED[label], OPERATIONS[label]
    wanted = said(operation)
    assert {name for of in ways for name in parameters(of)} == set(wanted)
    for of in ways:
        assert set(NAMED.findall(of.path)) <= set(of.signature.parameters)
        for name, (hint, must) in parameters(of).items():
            schema, required = wanted[name]
            assert must or not required, name
            same = hint is bytes or name in dict(of.sends) or wider(of_hint(hint), simple(schema))
            assert same, (name, hint, schema)
        for name, (_, required) in wanted.items():
            assert name in parameters(of) or not required, name
        headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        assert {flag: getattr(of, flag) for flag in HEADERS.values()} == {flag: name in headers for name, flag in HEADERS.items()}


@pytest.mark.parametrize("label", sorted(DECLARED))
def test_a_method_returns_what_the_document_says(label: str) -> None:
    answers = {status: each.get("content", {}) for status, each in OPERATIONS[label]["responses"].items() if status < "3"}
    media = {name: each.get("schema", {}) for content in answers.values() for name, each in content.items()}
    found: set[Any] = set()
    for of in DECLARED[label]:
        hint = of.hints["return"]
        found |= set(get_args(hint)) if isinstance(hint, UnionType) or get_origin(hint) is Union else {hint}
    texts = {name for name in media if name.startswith("text/")}
    assert (str in found) == bool(texts and "application/json" not in media)
    assert (bytes in found) == bool(set(media) - texts - {"application/json"})
    assert (NoneType in found) == ("204" in answers)
    models = found - {str, bytes, NoneType}
    assert bool(models) == ("application/json" in media)
    if models:
        schemas = [content["application/json"]["schema"] for content in answers.values() if "application/json" in content]
        wanted = {title for schema in schemas for title in titles(schema)}
        assert {named(each) for each in models} == wanted


def titles(schema: Any) -> list[str]:
    """What an answer's schema is called: the class behind it, or how it is made of others."""
    if "anyOf" in schema:
        return [title for each in schema["anyOf"] for title in titles(each)]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [PARTS[name].get("title", name)]
    if schema["type"] == "array":
        return [f"list[{titles(schema['items'])[0]}]"]
    more = schema.get("additionalProperties")
    return [f"dict[{more['type'] if isinstance(more, dict) else 'any'}]"]


def named(hint: Any) -> str:
    """The same of what a method returns."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Pages:
        return f"Listed[{inner[0].__name__}]"
    if origin is list:
        return f"list[{named(inner[0])}]"
    if origin is dict:
        return f"dict[{'string' if inner[1] is str else 'any'}]"
    return str(hint.__name__)


# against a real server ------------------------------------------------------------------------------------------------


class Lossy(httpx2.BaseTransport):
    """A network that loses the answers to some requests, which the server has done its work for."""

    def __init__(self) -> None:
        self._to = httpx2.HTTPTransport()
        self.lose = 0
        self.sent: list[httpx2.Request] = []

    def close(self) -> None:
        self._to.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        got = self._to.handle_request(request)
        if self.lose:
            self.lose -= 1
            got.read()
            raise httpx2.ReadError("the connection was cut")
        return got


@pytest.fixture
def network() -> Iterator[Lossy]:
    made = Lossy()
    yield made
    made.close()


def over(network: Lossy, running: Running, who: str) -> Client:
    return Client(key=running.keys[who], http=httpx2.Client(base_url=running.url, transport=network, timeout=60))


def test_a_write_whose_answer_is_lost_has_one_effect(running: Running, network: Lossy) -> None:
    client = over(network, running, "applicant")
    before = len(list(client.decisions.all()))
    network.lose = 2
    made = client.decisions.make(pack="nanjing-tiering", facts=FACTS, as_of="2026-08-01")
    assert len({each.headers["idempotency-key"] for each in network.sent[-3:]}) == 1
    assert len(list(client.decisions.all())) == before + 1
    assert client.decisions.show(made.id).statement == made.statement
    network.lose = 1
    with pytest.raises(httpx2.TransportError):  # nothing says whether it was done, and no key makes another try safe
        client.accounts.make_key(scopes=["rules.read"])
    assert len(network.sent[-1].headers.get("idempotency-key", "")) == 0


def test_a_write_goes_on_over_the_death_of_the_server(running: Running) -> None:
    with running.client("applicant") as client, client.under("the same key before and after"):
        first = client.decisions.make(pack="nanjing-tiering", facts=FACTS)
        running.server.kill()
        assert client.decisions.make(pack="nanjing-tiering", facts=FACTS) == first


def test_a_change_is_of_the_state_that_was_seen_last(running: Running) -> None:
    with running.client("applicant") as mine, running.client("applicant") as theirs:
        made = mine.filings.draft(product="一号", facts=FACTS)
        assert mine.filings.save(made.id, product="二号").number == made.number + 1
        with pytest.raises(Refused) as unseen:
            theirs.filings.save(made.id, product="三号")
        assert (unseen.value.status, unseen.value.code) == (428, "no-match")
        assert theirs.filings.show(made.id).fields["product"] == "二号"
        theirs.filings.save(made.id, product="三号")
        for _ in range(2):  # what overtook it has still not been seen
            with pytest.raises(Refused) as overtaken:
                mine.filings.save(made.id, product="四号")
            assert (overtaken.value.status, overtaken.value.code) == (412, "overtaken")
        mine.filings.show(made.id)
        assert mine.filings.save(made.id, product="四号").number == made.number + 3
        assert [each.name for each in mine.filings.events(made.id)][:2] == ["draft", "save"]


def test_lists_go_on_over_their_pages(running: Running) -> None:
    with running.client("applicant") as client:
        made = {client.filings.draft(product=f"第{number}号").id for number in range(5)}
        rows = client.filings.all(limit=2)
        seen = [each.id for each in rows]
        assert made <= set(seen)
        assert len(seen) == len(set(seen))
        assert [each.id for each in rows] == seen


def test_a_refusal_says_place_problem_and_remedy(running: Running) -> None:
    with running.client() as client:
        with pytest.raises(Refused) as found:
            client.rules.assess("nanjing-tiering", {"people.minos": True})
        error = found.value
        assert (error.status, error.code, error.place) == (422, "unknown-fact", "/facts/people.minos")
        assert str(error) == f"{error.place}: {error.said}; {error.remedy} (unknown-fact, trace {error.trace})"
        with pytest.raises(Refused, match="unauthenticated"):
            client.cases.show("none")
    with running.client("applicant") as client:
        filing = client.filings.draft(product="一号")
        with pytest.raises(Refused) as found:
            client.filings.submit(filing.id)
    assert found.value.place.startswith("filing/")  # the rule of the life cycle that refuses


def test_dates_are_sent_as_the_interface_writes_them_and_what_no_json_holds_is_told_by_its_place(running: Running) -> None:
    facts = {"transfer.date": date(2025, 4, 15), "operator.ciio": False}
    with running.client() as client:
        told = client.rules.assess("cn-cross-border", facts)
        assert told == client.rules.assess("cn-cross-border", {**facts, "transfer.date": "2025-04-15"})
        nowhere = [({"a"}, "x"), ([1, {"y/z": object()}], "x/1/y~1z"), ({1: 2}, "x"), (nan, "x")]
        for value, place in nowhere:
            with pytest.raises(TypeError, match=f"#/facts/{place}: .*; give text, finite numbers"):
                client.rules.assess("cn-cross-border", {"x": value})


def test_what_is_known_is_not_fetched_again(running: Running, network: Lossy) -> None:
    client = over(network, running, "viewer")
    first = client.rules.pack("nanjing-tiering")
    assert client.rules.pack("nanjing-tiering") == first
    assert "if-none-match" in network.sent[-1].headers
    assert client.rules.rule("nanjing-tiering", "daily-consumption").title.zh
    assert client.log.tile("0/000.p/1")[:1]


def test_batches_are_answered_at_once_or_by_a_job(running: Running) -> None:
    with running.client("applicant") as client:
        few = client.jobs.answers([{"id": "a", "facts": SURE}, {"id": "b", "facts": {"nope": 1}}], pack="nanjing-tiering")
        assert [(each.id, each.status) for each in few] == [("a", 200), ("b", 422)]
        assert few[1].problem
        assert few[1].problem.errors[0].pointer == "/filings/1/facts/nope"
        many = client.jobs.answers([{"id": str(number), "facts": SURE} for number in range(101)], pack="nanjing-tiering")
        assert [each.number for each in many] == list(range(101))
        assert {each.answer == many[0].answer for each in many} == {True}
        job = client.jobs.replay([client.decisions.make(pack="nanjing-tiering", facts=FACTS).id])
        assert client.jobs.awaited(job.id).state == "done"
        assert job.id in {each.id for each in client.jobs.all()}
        with pytest.raises(Refused, match="not-found"):
            client.jobs.awaited("none")
    with running.client() as nobody:
        assert isinstance(nobody.jobs.batch([{"facts": FACTS}], pack="nanjing-tiering"), Batch)
        with pytest.raises(Refused, match="unauthenticated"):
            nobody.jobs.batch([{"facts": SURE}] * 101)
