"""`fenji ask`: an interview in the terminal. It asks the most decisive question until nothing is open or the person stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import typer

from api.cli.options import AsOf, Json, Language, PackName, Rules, day, pack_of, rulebook_of, say, standard_input
from api.render import text
from engine.decide.assess import assess as decide
from engine.decide.questions import questions
from engine.errors import InputError, Place, ReadError
from engine.rulebook.graph import pack_facts
from engine.rulebook.model import Rulebook
from engine.rulebook.read import Mapping, Node, Scalar, Sequence, node_from, read
from schemas.answer import MissingFact
from schemas.explanation import Questions
from schemas.rulebook import Fact

app = typer.Typer()
HERE = Place("<answer>")
MOST_ITEMS = 100
YES = {"y": "true", "yes": "true", "是": "true", "n": "false", "no": "false", "否": "false"}


@app.command()
def ask(pack: PackName, lang: Language, as_of: AsOf = "", *, json: Json = False, rules: Rules = "") -> None:
    """Interview: a value, ? for help, nothing for unknown, q to stop. Then print the answer."""
    today, rulebook = day(as_of), rulebook_of(rules)
    pack_of(rulebook, pack)
    interview = Interview(rulebook, pack, lang, today, quiet=json)
    try:
        interview.lists()
        while found := interview.next(questions(rulebook, pack, interview.document(), today)):
            interview.ask(found)
    except EOFError:
        interview.tell("")
    answer = decide(rulebook, pack, interview.document(), today)
    say(answer.model_dump_json(by_alias=True, indent=2) if json else text.answer(rulebook, answer, lang))


@dataclass
class Interview:
    """What has been answered so far, and what the person cannot answer."""

    rulebook: Rulebook
    pack: str
    lang: str
    today: date
    quiet: bool = False
    facts: dict[str, Node] = field(default_factory=dict)
    items: dict[str, list[dict[str, Node]]] = field(default_factory=dict)
    passed: set[tuple[str, str | None]] = field(default_factory=set)

    def document(self) -> Mapping:
        """Return the filing as answered so far; lists are complete, since their items were counted."""
        pairs = [(_plain(name), value) for name, value in self.facts.items()]
        for home, items in self.items.items():
            rows = tuple(Mapping(tuple((_plain(name), value) for name, value in item.items()), HERE) for item in items)
            listing = ((_plain("complete"), _plain("true")), (_plain("items"), Sequence(rows, HERE)))
            pairs.append((_plain(home), Mapping(listing, HERE)))
        return Mapping(tuple(pairs), HERE)

    def lists(self) -> None:
        """Ask how many items each list has that the pack reads; an unknown number leaves the list out."""
        for home in dict.fromkeys(
            filter(None, map(self.rulebook.list_of, pack_facts(self.rulebook, self.rulebook.packs[self.pack])))
        ):
            declared = self.rulebook.lists[home]
            question = declared.question.get(self.lang) + self._pick("共有几项？", " How many are there?")
            while line := self._line(
                question, self._pick(f"{declared.min} 到 {MOST_ITEMS} 的数", f"a number from {declared.min} to {MOST_ITEMS}")
            ):
                if line.isdecimal() and declared.min <= int(line[:9]) <= MOST_ITEMS:
                    self.items[home] = [{} for _ in range(int(line))]
                    break
                self.tell(self._pick("请输入数字。", "A number is needed."))

    def next(self, found: Questions) -> MissingFact | None:
        """Return the next question: what decides first, then what may matter; never one that was passed."""
        return next((each for each in (*found.questions, *found.may_matter) if (each.fact, each.item) not in self.passed), None)

    def ask(self, found: MissingFact) -> None:
        """Ask until there is an answer that the vocabulary accepts, or none."""
        fact = self.rulebook.facts[found.fact]
        where = f"[{found.item}] " if found.item else ""
        while line := self._line(where + fact.question.get(self.lang), self._help(fact)):
            try:
                self._take(fact, found.item, line)
            except InputError as error:
                self.tell(error.text())
            else:
                return
        self.passed.add((found.fact, found.item))

    def _take(self, fact: Fact, item: str | None, line: str) -> None:
        """Keep an answer that fits the others. Raises InputError for one that does not, which is not kept."""
        into = self.items[self.rulebook.list_of(fact.id)][int(item) - 1] if item else self.facts
        before = into.copy()
        into[fact.id] = answered(fact, line)
        try:
            decide(self.rulebook, self.pack, self.document(), self.today, search=False)
        except InputError:
            into.clear()
            into.update(before)
            raise

    def _help(self, fact: Fact) -> str:
        more = [fact.help.get(self.lang)] if fact.help else []
        match fact.type:
            case "enum" | "set":
                values = [f"{number} {value.id}: {value.label.get(self.lang)}" for number, value in enumerate(fact.values, 1)]
                several = [
                    self._pick("可选多项，用逗号分隔；[] 为一项也没有", "several, with commas between; [] for none of them")
                ]
                more += values + (several if fact.type == "set" else [])
            case "bool":
                more.append("y / n")
            case "date":
                more.append("YYYY-MM-DD")
            case _:
                unit = self.rulebook.units.get(fact.unit)
                counted = f" ({unit.label.get(self.lang)})" if unit else ""
                more.append(f"{self._pick('数字', 'a number')}{counted}, {{at_least: ..., at_most: ...}}")
        return "\n".join([*more, self._pick("直接回车为不知道，q 结束", "nothing for unknown, q to stop")])

    # the terminal -----------------------------------------------------------------------------------------------------

    def _line(self, question: str, help_text: str) -> str:
        """Return what the person answers to a question, `?` apart. Raises EOFError for q and at the end of the input."""
        while True:
            self.tell(f"{question}\n> ", end="")
            data = standard_input().readline()
            try:
                line = data.decode().strip()
            except UnicodeDecodeError:
                raise ReadError("not-utf8", "the answer is not UTF-8", "use a terminal with UTF-8 encoding", HERE) from None
            if line in ("q", "Q") or not data:
                raise EOFError
            if line not in ("?", "？"):
                return line
            self.tell(help_text)

    def tell(self, words: str, *, end: str = "\n") -> None:
        """Say something to the person, on standard error when standard output carries JSON."""
        if self.quiet:
            typer.echo(words + end, err=True, nl=False)
        else:
            say(words, end=end)

    def _pick(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en


def _plain(word: str) -> Scalar:
    return Scalar(word, plain=True, place=HERE)


def answered(fact: Fact, line: str) -> Node:
    """Return an answer as a filing would write it: y and n, the number of a value, values with commas. Raises ReadError."""
    if fact.type == "bool":
        line = YES.get(line.lower(), line)
    if fact.type == "set" and not line.startswith(("[", "{")):
        return node_from([_value(fact, word.strip()) for word in line.replace("，", ",").split(",")], HERE)
    return read((_value(fact, line) if fact.type == "enum" else line).encode(), HERE.file)


def _value(fact: Fact, word: str) -> str:
    chosen = int(word) - 1 if word.isdecimal() and len(word) < 4 else -1  # noqa: PLR2004 - no fact has a thousand values
    return fact.values[chosen].id if 0 <= chosen < len(fact.values) else word
