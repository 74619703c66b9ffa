"""The second verifier of fenji: `python verify.py BUNDLE [--trust FILE]`, for an auditor who trusts nobody.

Written from FORMATS.md, it shares nothing with the engine and needs Python 3.11 and `cryptography`. It checks the evidence byte
for byte, works the program of the rules out again over the disclosed facts, slowly and plainly, and compares. Exit 0: valid and
re-derived; 1: origin or outcome left open; 2: refused; 3: another outcome comes out.

What is known of a thing is the set of integers that it may still be: of a condition 0 or 1, of an enum or an outcome places in
its list of values, of a number or a day the two ends of a range. A set is one condition for each of its members.
"""
# fmt: off

import base64, collections, contextlib, functools, hashlib, io, itertools, json, operator, re, sys, unicodedata, zipfile
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
Value = frozenset[Any]
Thing = tuple[str, int]  # a name, and the row of its list in which it is asked
Contradiction = ArithmeticError  # facts that cannot be true together
REFUSED, USE, AGAIN = Exception, "use: python verify.py BUNDLE [--trust FILE]", "ask for the bundle again"
UNREADABLE = {OSError: "cannot be read: no such file, or it is closed to you", zipfile.BadZipFile: "is no archive",
              InvalidSignature: "a signature does not hold", Contradiction: "the facts exclude each other",
              json.JSONDecodeError: "is no JSON", Exception: "a part is missing, or is not what FORMATS.md names"}
MEMBERS = ["checkpoint", "facts.json", "keys.json", "manifest.dsse.json", "receipt.tlog-proof", "record.dsse.json", "record.json",
           "rules.json", "summary.en.md", "summary.zh.md", "verify.py"]
PURPOSES, KINDS, PROFILES = ["decision", "log", "rulebook"], ["proposal", "decision"], ["full", "regulator", "court", "public"]
PARTS = ["law_snapshot", "vocabulary", "lists", "calendars", "authorities"]  # of the rules; a record pins each
FORMS = {"rulepack": "name sha256 version", "engine": "sources_sha256 version", "actor": "sub idp role name unit key"}
PREDICATE = """decision_id kind type subject_digests input_commitments rulepack law_snapshot_sha256 vocabulary_sha256 lists_sha256
    calendars_sha256 authorities_sha256 engine as_of known_at decided_at externals world_sha256 verdict obligations reasons effect
    trace_sha256 outcome overrides supersedes redaction_policy retention request_id actor filed_by"""
TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z"
LINE = "\u2014 ([^ +\n]+) ([A-Za-z0-9+/=]+)\n"  # a signature: whose, and its bytes
RECEIPT = ("c2sp[.]org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,15})\n((?:[^\n]+\n)*)\n"  # the index, and the hashes of the path
           f"((([^\n]+)\n([1-9][0-9]{{0,15}})\n([^\n]+)\n)\n((?:{LINE})+))")  # the note: text (origin, size, root), signatures
MAX_BYTES, MAX_DEPTH, MAX_INT, BUDGET, ROUNDS, INF = 64_000_000, 64, 2**53 - 1, 64, 64, float("inf")
NO, YES, OPEN, NONE = frozenset({0}), frozenset({1}), frozenset({0, 1}), frozenset[Any]()

def _demand(good: object, problem: str) -> None:  # refuse the evidence unless something holds
    if not good: raise ValueError(problem)
def _fields(value: Any, wanted: str, what: str) -> None:  # refuse unknown and missing fields
    _demand(isinstance(value, dict) and value.keys() == set(wanted.split()), f"{what} has not the fields that FORMATS.md names")

# facts ---------------------------------------------------------------------------------------------------------------
def _span(low: Any, high: Any) -> Value: return frozenset({-INF if low is None else low, INF if high is None else high})
def _meet(fact: Json, a: Value, b: Value) -> Value:  # what a fact may be when both `a` and `b` hold of it
    if "values" in fact or not b: return a & b
    low, high = max(min(a), min(b)), min(max(a), max(b))
    return _span(low, high) if low <= high else NONE
def _met(fact: Json, value: Value, cells: list[Any]) -> list[Value]:  # what each cell leaves of a value, if anything
    return [left for cell in cells if (left := _meet(fact, value, frozenset(cell) if "values" in fact else _span(*cell)))]
def _stated(fact: Json, said: Any) -> dict[str, Value]:  # what a disclosed value leaves of a fact; `!fact`: it was stated
    name, row = fact["id"], {f"!{fact['id']}": NO if said is None else YES}
    parts: Json = said if isinstance(said, dict) else {} if said is None else {
        "one_of": [said], "includes": said, "excludes": fact.get("values"), "at_least": said, "at_most": said}
    if fact["type"] == "set":
        yes, no = parts.get("includes") or (), parts.get("excludes") or ()
        return row | {f"{name}={each}": YES if each in yes else NO if each in no else OPEN for each in fact["values"]}
    if "values" in fact: return row | {name: frozenset(map(fact["values"].index, parts.get("one_of") or fact["values"]))}
    day, scale = fact["type"] == "date", 10 ** fact["places"]
    ends = [end and (date.fromisoformat(end).toordinal() if day else int(Fraction(end) * scale))
            for end in (parts.get("at_least"), parts.get("at_most"))]
    return row | {name: _meet(fact, _span(*fact["range"]), _span(*ends))}
def _rows_of(program: Json, facts: Json) -> dict[str, list[Json]]:  # the facts as rows by list; that of "" is the filing
    rows, left = {"": [{"#": YES, "+": 1, "@": ""}]}, {**facts}
    for home, least in program["lists"].items():
        frame = left.pop(home, {"complete": False, "count": 0})
        _fields(frame, "complete count", f"the list `{home}`")
        rows[home] = [{"#": YES, "+": 1, "@": left.pop(f"{home}/{k}/id")} for k in range(frame["count"])]
        any_other = {"#": YES if least and not rows[home] else OPEN, "+": INF, "@": "unlisted"}  # does it exist, and how often
        rows[home] += [] if frame["complete"] else [any_other]
    for fact in program["facts"]:
        for i, row in enumerate(rows[fact["list"]]):
            row.update(_stated(fact, left.pop(f"{fact['list']}/{i}/{fact['id']}" if fact["list"] else fact["id"], None)))
    _demand(not left, "a fact is disclosed that the rules do not know")
    return rows

# the program ---------------------------------------------------------------------------------------------------------
def _agreed(x: int, y: int) -> int: return y if x in (0, y) else x if y == 0 else MAX_INT  # a conflict: two rules give two values
LIFTED = {"and": min, "or": max, "max": max, "one": _agreed, "<": operator.lt, "<=": operator.le, "==": operator.eq,
          "if": lambda condition, value: value if condition else 0, "else": lambda value, floor: value or floor}
def _lift(of: Any, *values: Value) -> Value: return frozenset(+of(*each) for each in itertools.product(*values))
def _fits(keys: Any, key: int) -> bool: return keys is None or key in keys  # a cell of a table
def _bound(node: Any, values: Json) -> Any:  # a term with values in the place of names
    return [_bound(part, values) for part in node] if isinstance(node, list) else values.get(node, node)
def _base(name: str) -> str: return name.lstrip("?!").partition("=")[0]  # the fact or outcome of which a name says a part
class _Law:  # the terms that are law when each date fact has a given day; where names live, and which are parts of what
    def __init__(self, program: Json, days: Any) -> None:
        self.program, self.terms, self.parts = program, dict[str, Any](), collections.defaultdict[str, list[str]](list)
        for term in program["terms"]:
            now = (each["is"] for each in term["versions"] if each["from"] <= days[each["date"]] <= each["to"])
            self.terms[term["id"]] = next(now, 0)  # what is no law yet is not so, or nothing
        self.facts = {part: fact for fact in program["facts"] for part in _stated(fact, None)}
        self.things = self.facts | {term["id"]: term for term in program["terms"]}
        for name in self.things: self.parts[_base(name)].append(name)

class _Case:  # one case of a filing under one edition of the law; what follows from its facts is worked out when it is asked for
    def __init__(self, law: _Law, rows: dict[str, list[Json]]) -> None:
        self.law, self.rows = law, {home: [{**row} for row in each] for home, each in rows.items()}
        self.memo, self.asked = dict[Thing, Value](), set[Thing]()  # what was worked out; what was asked for meanwhile
    def indexes(self, home: str) -> range: return range(len(self.rows[home]))
    def value(self, name: str, i: int) -> Value:
        home = self.law.things[name]["list"]
        thing = (name, i if home else 0)
        self.asked.add(thing)
        if thing not in self.memo and name in self.law.terms: self.memo[thing] = self.term(self.law.terms[name], thing[1])
        return self.rows[home][thing[1]][name] if name in self.law.facts else self.memo[thing]
    def term(self, node: Any, i: int) -> Value:
        if isinstance(node, int): return frozenset({node})
        if isinstance(node, str): return self.value(node, i)
        op, first, *others = node
        if op == "not": return _lift(operator.not_, self.term(first, i))
        if op == "in": return _lift(others[0].__contains__, self.term(first, i))
        if op.endswith(" of"): return self.fold(op, first, others[0])
        if op == "sum":
            parts = [{factor * x for x in self.term(part, i)} for factor, part in (first, *others)]
            return _span(sum(map(min, parts)), sum(map(max, parts)))
        if op in ("each", "table"):  # worked out for each way in which the named things may be
            ways = list(itertools.product(*(self.value(name, i) for name in others)))
            if op == "each": return NONE.union(*(self.term(_bound(first, dict(zip(others, way))), i) for way in ways))
            return NONE.union(*(next(row for *keys, row in first if all(map(_fits, keys, way))) for way in ways))
        return functools.reduce(lambda a, b: _lift(LIFTED[op], a, b), [self.term(part, i) for part in (first, *others)])
    def fold(self, op: str, home: str, node: Any) -> Value:  # the largest, the sum, or how many distinct, over a list
        rows = [(row["+"], _lift(LIFTED["if"], row["#"], self.term(node, i))) for i, row in enumerate(self.rows[home])]
        top = functools.reduce(lambda a, b: _lift(max, a, b), [value for _, value in rows], NO)
        many = [value | {x * count for x in value if x} for count, value in rows]
        low, high = sum(map(min, many)), sum(map(max, many))
        return top if op == "max of" else _span(low if op == "sum of" else min(top), high)
    def settle(self) -> None:  # narrow the facts by each other until nothing changes
        for _ in range(ROUNDS):
            changes = [self.narrow(step, i) for step in self.law.program["narrowing"] for i in self.indexes(step["list"])]
            if not any(changes): return
    def narrow(self, step: Json, i: int) -> bool:
        if self.term(step["when"], i) != YES: return False
        name, fact = step["fact"], self.law.facts[step["fact"]]
        was, least, most = self.value(name, i), self.term(step.get("least", name), i), self.term(step.get("most", name), i)
        now = _meet(fact, was, frozenset(step.get("among", (min(least), max(most)))))
        if not now: raise Contradiction("the facts exclude each other")  # some steps leave nothing: what they tell cannot be
        if was != now: self.memo.clear()
        self.rows[fact["list"]][i if fact["list"] else 0][name] = now
        return was != now
    def live(self, outcome: str) -> set[Thing]:  # what an open outcome can still read
        seen, parts = set[Thing](), self.law.parts
        todo = [(outcome, i) for i in self.indexes(self.law.things[parts[outcome][0]]["list"])]
        while todo:
            name, i = todo.pop()
            fixed = name[0] != "$" and all(len(self.value(part, i)) == 1 for part in parts[name])
            if fixed or (name, i) in seen or (f"?{name}" in parts[name] and self.value(f"?{name}", i) == NO): continue
            seen.add((name, i))
            self.asked.clear()
            for part in parts[name]: self.term(self.law.terms.get(part, 0), i)
            todo += [(_base(other), k) for other, k in self.asked]
        return seen
    def cases(self, outcome: str) -> tuple[Any, ...]:  # all choices of a cell for the first of its split facts, within the budget
        live, choices, size = self.live(outcome), list[list[Any]](), 1
        splits = [(home, i, each) for home, facts in self.law.program["splits"] for i in self.indexes(home) for each in facts]
        for home, i, (name, cells) in splits:
            left = _met(self.law.facts[name], self.value(name, i), cells) if (_base(name), i) in live else []
            if len(left) > 1 and self.rows[home][i]["+"] == 1:
                size *= len(left)
                if size > BUDGET: break
                choices.append([(name, i, cell) for cell in left])
        return tuple(itertools.product(*choices)) if choices else ()
    def united(self, cases: tuple[Any, ...], things: list[Thing]) -> dict[Thing, Value]:  # what the cases together leave possible
        found: dict[Thing, Value] = {}
        for cells in cases:
            case = _Case(self.law, self.rows)
            for name, i, value in cells: case.rows[self.law.things[name]["list"]][i][name] = value
            with contextlib.suppress(Contradiction):
                case.settle()
                found = {thing: found.get(thing, NONE) | case.value(*thing) for thing in things}
                if all(found[thing] == self.value(*thing) for thing in things): break  # no other case can add to this
        if not found: raise Contradiction("no case is possible")
        return found
    def answer(self) -> dict[Thing, Value]:  # what each outcome may be, and of each rule whether it fires and applies
        self.settle()
        outcomes = [each["id"] for each in self.law.program["outcomes"]]
        told = [name for name in self.law.terms if name.startswith(("rule:", "applied:")) or _base(name) in outcomes]
        picture = {(name, i): self.value(name, i) for name in told for i in self.indexes(self.law.things[name]["list"])}
        for cases in filter(None, dict.fromkeys(map(self.cases, outcomes))):
            united = self.united(cases, [thing for thing, value in picture.items() if len(value) > 1])
            picture |= {thing: picture[thing] & value for thing, value in united.items()}
        return picture

def answer(program: Json, facts: Json, as_of: str) -> tuple[_Case, dict[Thing, Value]]:  # over all law that the dates may meet
    first = _Case(_Law(program, dict.fromkeys(program["dates"], 1)), _rows_of(program, facts | {"as_of": as_of}))
    found = dict[Thing, Value]()
    first.settle()
    for chosen in itertools.product(*(_met({}, first.value(name, 0), cells) for name, cells in program["dates"].items())):
        days = dict(zip(program["dates"], chosen, strict=True))
        case = _Case(_Law(program, {name: min(each) for name, each in days.items()}), first.rows)
        case.rows[""][0] |= days
        with contextlib.suppress(Contradiction):
            found = {thing: found.get(thing, NONE) | value for thing, value in case.answer().items()}
    _demand(found, "the facts exclude each other")
    return first, found
def _shown(outcome: Json, found: list[Value]) -> Json:  # what a verdict must say of an outcome; a union is found by value
    values, union, ladder = outcome["values"], outcome["combine"] == "union", outcome["combine"] == "strictest"
    places = {k for k, value in enumerate(found) if value != NO} if union else {min(k, len(values) - 1) for k in found[0]}
    last = [each for k, each in enumerate(values) if k in places]
    first = [each for each, value in zip(values, found, strict=True) if value == YES] if union else last
    fixed = first == last and (union or len(last) == 1)
    return {"determined": fixed, "possible": last, "certain": first if union else None, "at_least": last[0] if ladder else None,
            "at_most": last[-1] if ladder else None, "value": (first if union else first[0]) if fixed else None}
def differences(case: _Case, picture: dict[Thing, Value], p: Json) -> list[str]:  # which parts of a predicate say something else
    verdict, law, rows, program = p["verdict"], case.law, case.rows, case.law.program
    ours = {(each["list"], i, row["@"], each["id"]): _shown(each, [picture[part, i] for part in law.parts[each["id"]]])
            for each in program["outcomes"] for i, row in enumerate(rows[each["list"]])}
    listed = {"": [{"id": "", "outcomes": verdict["outcomes"]}], **verdict["items"]}
    theirs = {(home, i, row["id"], name): entry for home, found in listed.items() for i, row in enumerate(found)
              for name, entry in row["outcomes"].items()}
    trace = {f"{name}@{i}": sorted(value) for (name, i), value in picture.items() if value != NO}
    rules = sorted((name.partition(":")[2], rows[law.things[name]["list"]][i]["@"], "fired" if value == YES else "unknown")
                   for (name, i), value in picture.items() if name.startswith("applied:") and value != NO)
    said = sorted((rule["rule"], rule["item"] or "", kind) for kind in ("fired", "unknown") for rule in verdict[kind])
    fired = {rule["rule"] for rule in verdict["fired"]}
    duties = [{"outcome": at[3], "value": value} for at in sorted(ours) if not at[0] for value in ours[at]["certain"] or ()]
    same = {"outcomes": ours.keys() == theirs.keys() and all(ours[at].items() <= theirs[at].items() for at in ours),
            "rules": rules == said, "obligations": p["obligations"] == duties, "trace": p["trace_sha256"] == _digest(trace),
            "reasons": {each["rule_id"] for each in p["reasons"]} == fired,
            "effect": p["effect"] == sorted({program["effects"][rule] for rule in fired})}
    return [part for part, good in same.items() if not good]

# evidence ------------------------------------------------------------------------------------------------------------
def _sound(value: Any, levels: int = MAX_DEPTH) -> bool:  # whether a value lies in the domain of canonical JSON
    if isinstance(value, dict): return max("".join(value), default="") <= "\uffff" and _sound([*value, *value.values()], levels)
    if isinstance(value, list): return levels > 0 and all(_sound(each, levels - 1) for each in value)
    if isinstance(value, str): return unicodedata.is_normalized("NFC", value)
    return value is None or (isinstance(value, int) and abs(value) <= MAX_INT)
def canonical(value: Any) -> bytes:  # RFC 8785
    _demand(_sound(value), "JSON is nested too deep, or holds what is neither text nor a whole number")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
def parse(data: bytes, what: str) -> Any:  # of a double key, or anything else not canonical, the bytes do not come back
    value = json.loads(data.decode())
    _demand(canonical(value) == data, f"{what} is not canonical JSON")
    return value
def _sha256(*data: bytes) -> bytes: return hashlib.sha256(b"".join(data)).digest()
def _digest(value: Any) -> str: return _sha256(value if isinstance(value, bytes) else canonical(value)).hex()
def _unbase64(text: str, size: int | None = None) -> bytes:
    data = base64.b64decode(text, validate=True)
    _demand(base64.b64encode(data).decode() == text and size in (None, len(data)), "base64 is not canonical")
    return data
def _signed(key: Json, message: bytes, signature: bytes) -> None:  # or refused: InvalidSignature
    Ed25519PublicKey.from_public_bytes(_unbase64(key["public"])).verify(signature, message)

def _in_time(key: Json, p: Json) -> bool: return bool(key["valid_from"] <= p["decided_at"] < (key["valid_until"] or "~"))
def _root(node: bytes, index: int, size: int, path: list[bytes]) -> bytes:  # from a leaf and its path (RFC 6962, 2.1.1)
    if size == 1: return node
    half, other = 1 << (size - 1).bit_length() - 1, path.pop()
    if index < half: return _sha256(b"\1", _root(node, index, half, path), other)
    return _sha256(b"\1", other, _root(node, index - half, size - half, path))
def _opened(data: bytes, kind: str, keys: list[Json]) -> tuple[Any, bytes, list[Json]]:  # of an envelope: JSON, bytes, signers
    envelope = parse(data, kind)
    payload, by = _unbase64(envelope["payload"]), {each["keyid"]: each["sig"] for each in envelope["signatures"]}
    ordered = [{"keyid": keyid, "sig": by[keyid]} for keyid in sorted(by) if _unbase64(by[keyid], 64)]
    form = {"payload": envelope["payload"], "payloadType": kind, "signatures": ordered}
    signers = [key for key in keys if key["keyid"] in by]
    for key in signers: _signed(key, f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload, _unbase64(by[key["keyid"]]))
    _demand(signers and envelope == form, f"no trusted key signed this as {kind}")
    return parse(payload, kind), payload, signers
def keys_of(data: bytes) -> tuple[str, list[Json]]:  # the name of the log and the keys of a trust file
    trust = parse(data.removesuffix(b"\n"), "the trust file")
    _fields(trust, "format keys origin", "the trust file")
    for key in trust["keys"]:
        _fields(key, "keyid public purpose holder valid_from valid_until compromised", "a key")
        _fields(key["holder"], "sub name unit roles", "the holder of a key")
        _fields(key["compromised"] or {"since": "", "size": 0}, "since size", "the compromise of a key")
        timely = all(re.fullmatch(TIME, time) for time in (key["valid_from"], key["valid_until"]) if time is not None)
        named = key["keyid"] == _digest(_unbase64(key["public"], 32))
        _demand(timely and named and key["purpose"] in PURPOSES, "a key has no such id, purpose or window")
    form = {"format": "fenji-trust/1", "origin": (origin := trust["origin"]), "keys": (keys := trust["keys"])}
    _demand(trust == form and len({key["keyid"] for key in keys}) == len(keys), "the trust file is malformed")
    return origin, keys

class _Bundle:  # the members of a bundle, and what they prove under the keys that one trusts
    def __init__(self, data: bytes, trust: bytes | None) -> None:
        self.members = self.unzip(data)
        inside = keys_of(self.members["keys.json"])
        self.origin, self.keys = inside if trust is None else keys_of(trust)
    def unzip(self, data: bytes) -> dict[str, bytes]:  # the archive is packed again and compared
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            plain = [info.filename for info in archive.infolist() if info.compress_type == 0]
            _demand(len(data) <= MAX_BYTES and plain == MEMBERS, "these are not the members of a bundle")
            members = {name: archive.read(name) for name in MEMBERS}
        with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
            for name, content in members.items():
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.create_system, info.external_attr = 3, 0o100644 << 16
                archive.writestr(info, content)
        _demand(packed.getvalue() == data, "the archive is not the one that FORMATS.md describes")
        return members
    def of(self, purpose: str) -> list[Json]: return [key for key in self.keys if key["purpose"] == purpose]
    def lost(self, p: Json) -> list[Json]: return [k for k in self.keys if k["keyid"] == p["actor"]["key"] and k["compromised"]]
    def logged(self) -> int:  # the index of the record in the log that a key signed
        found = re.fullmatch(RECEIPT, self.members["receipt.tlog-proof"].decode())
        number, hashes, note, text, origin, count, top, lines, *_ = found.groups() if found else [""] * 8
        _demand(note.encode() == self.members["checkpoint"] and origin == self.origin, "this is the receipt of another log")
        index, size, path = int(number), int(count), [_unbase64(each, 32) for each in hashes.split()]
        leaf = canonical({"format": "fenji-leaf/1", "kind": "decision", "sha256": _digest(self.members["record.json"])})
        proved = index < size and _root(_sha256(b"\0", leaf), index, size, path) == _unbase64(top, 32)
        _demand(proved and not path, "the record is not in the log of the checkpoint")
        named = {_sha256(f"{origin}\n\1".encode(), _unbase64(key["public"]))[:4]: key for key in self.of("log")}
        notes = [(name, _unbase64(line)) for name, line in re.findall(LINE, lines)]
        by = [(named[data[:4]], data[4:]) for name, data in notes if name == origin and data[:4] in named]
        for key, signature in by: _signed(key, text.encode(), signature)
        good = any(not key["compromised"] or size <= key["compromised"]["size"] for key, _ in by)
        _demand(good and len({key["keyid"] for key, _ in by}) == len(by), "no trusted log key signed the checkpoint once")
        return index
    def entitled(self, record: Json, signers: list[Json], index: int) -> Json:  # the predicate, signed by those who may
        p: Json = record["predicate"]
        _fields(p, PREDICATE, "the predicate")
        for part, wanted in FORMS.items(): _fields(p[part], wanted, part)
        form: Json = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:fenji:decision:v1", "predicate": p}
        form["subject"] = [{"name": "filing", "digest": {"sha256": each}} for each in p["subject_digests"]]
        _demand(record == form and p["kind"] in KINDS and re.fullmatch(TIME, p["decided_at"]), "this is no record of a decision")
        same = p["world_sha256"] == _digest({each: p[each] for each in ("as_of", "known_at", "externals")})
        _demand(same and p["subject_digests"] == [_digest(p["input_commitments"])], "the statement contradicts itself")
        seconds, by = [each["approved_by"] for each in p["overrides"]], set[str]()  # the second official of a deviation
        for key in signers:
            who, lost, in_time = key["holder"]["sub"], key["compromised"], _in_time(key, p)
            own = key["keyid"] == p["actor"]["key"] or (in_time and who in seconds)
            _demand(in_time or not own, f"the key of {who} was not valid when it was decided")
            _demand(not lost or (own and index < lost["size"]), f"the key of {who} was compromised")
            if own: by |= {key["keyid"], who}
        _demand(all(index < key["compromised"]["size"] for key in self.lost(p)), "the key of who proposed this was compromised")
        _demand(p["kind"] == "proposal" or {p["actor"]["key"], *seconds} <= by, "the decision lacks the signature of an official")
        return p
    def disclosed(self, committed: list[str]) -> Json:  # facts by name; the record names the hash of each one's text
        texts = [text.encode() for text in parse(self.members["facts.json"], "the facts")["disclosures"]]
        found = [parse(base64.urlsafe_b64decode(text + b"=="), "a disclosure") for text in texts]
        ordered = [name for _, name, _ in found] == sorted(facts := {name: value for _, name, value in found})
        form = canonical({"format": "fenji-facts/1", "disclosures": [text.decode() for text in texts]})
        _demand(ordered and form == self.members["facts.json"], "the facts are out of order")
        extra = {base64.urlsafe_b64encode(_sha256(text)).decode()[:43] for text in texts} - {*committed}
        _demand(committed == sorted({*committed}) and not extra, "the facts are not those of the record")
        return facts
    def pinned(self, p: Json, signers: list[Json]) -> Json:  # the program of the rules, once record and manifest bind all
        manifest, _, _ = _opened(self.members["manifest.dsse.json"], "application/vnd.fenji.manifest+json", signers)
        bind = [{"name": n, "sha256": _digest(d), "size": len(d)} for n, d in self.members.items() if n != "manifest.dsse.json"]
        wanted = {"format": "fenji-bundle/2", "id": p["decision_id"], "members": bind, "profile": manifest["profile"]}
        _demand(manifest == wanted and manifest["profile"] in PROFILES, "the manifest does not bind these members")
        rules: Json = parse(self.members["rules.json"], "the rules")
        held = rules["format"] == "fenji-rules/2" and p["rulepack"]["sha256"] == _digest(self.members["rules.json"])
        held &= all(p[f"{part}_sha256"] == _digest(rules[part]) for part in PARTS)
        _demand(held, "the rules are not those of the record")
        return dict(rules["program"])

def decided(p: Json, signers: list[Json]) -> list[str]:  # what an official decided, whether by the rules, why, and who approved
    if not p["outcome"]: return []
    name, value, why = (p["outcome"][each] for each in ("name", "value", "reasons"))
    left = p["verdict"]["outcomes"][name]["possible"]
    how = "a deviation" if p["overrides"] else "as the rules propose" if left == [value] else "recorded as no deviation"
    seconds, by = [o["approved_by"] for o in p["overrides"]], {k["holder"]["sub"]: k["holder"] for k in signers if _in_time(k, p)}
    who = ", ".join(f"{by[sub]['name']} ({sub}, {by[sub]['unit']}, official)" for sub in seconds if sub)
    said = f"decided: {name} = {value} (the rules leave {'|'.join(left)}), {how}; reasons: {' '.join(why.split()) or '-'}"
    return [f"{said}; approved by {who}" if who else said]

def verify(data: bytes, trust: bytes | None) -> tuple[int, list[str]]:  # the exit code, and what to say; raises what refuses it
    bundle = _Bundle(data, trust)
    record, payload, signers = _opened(bundle.members["record.dsse.json"], "application/vnd.in-toto+json", bundle.of("decision"))
    _demand(payload == bundle.members["record.json"], "the record is not the payload of its envelope")
    p = bundle.entitled(record, signers, index := bundle.logged())
    program, facts = bundle.pinned(p, signers), bundle.disclosed(p["input_commitments"])
    lines = [f"{p['kind']} {p['decision_id']} of {p['rulepack']['name']}, of {p['decided_at']}, under the law of {p['as_of']}",
             f"by {p['actor']['name']} ({p['actor']['unit']}, {p['actor']['role']}); entry {index} of the log {bundle.origin}",
             *(f"its key was compromised later, since {key['compromised']['since']}" for key in bundle.lost(p)),
             *decided(p, signers), "the rules leave:",
             *(f"  {name}: {' | '.join(outcome['possible'])}" for name, outcome in p["verdict"]["outcomes"].items()),
             "archive, manifest, signatures, inclusion proof, rules and commitments hold"]
    if trust is None:
        lines += ["origin not established: no trust file; the bundle itself names these keys:"]
        lines += [f"  {key['keyid']} {key['purpose']} {key['holder']['sub']}" for key in bundle.keys]
    if gone := len(p["input_commitments"]) - len(facts):
        return 1, [*lines, f"evidence valid, outcome not re-derived: {gone} facts are withheld or erased"]
    if wrong := differences(*answer(program, facts, p["as_of"]), p):
        return 3, [*lines, f"evidence valid, but another outcome comes out: {', '.join(wrong)}"]
    return int(trust is None), [*lines, "outcome re-derived from the rules and the facts: the same"]
def main(words: list[str]) -> int:  # verify a bundle and say what was found, never with a traceback
    place, remedy, trust = "verify.py", USE, None
    try:
        _demand(len(words) in (1, 3) and words[1:2] in ([], ["--trust"]), "these are not its arguments")
        for place in words[2:]:
            remedy = "give the trust file that this log's office publishes (`fenji actor trust`)"
            keys_of(trust := Path(place).read_bytes())
        place, remedy = words[0], AGAIN + (f", and see that {words[2]} is the trust file of its log" if trust else "")
        code, lines = verify(Path(place).read_bytes(), trust)
    except REFUSED as error:
        problem = next(said for kind, said in UNREADABLE.items() if isinstance(error, kind))
        code, lines = 2, [f"refused: {place}: {error if type(error) is ValueError else problem}", f"  help: {remedy}"]
    shown = ("".join(char if char.isprintable() else "?" for char in line) + "\n" for line in lines)
    sys.stdout.buffer.writelines(line.encode(errors="replace") for line in shown)
    return code

if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
