"""Registers and citations -> what becomes of each clause: encoded by which rules, or why not.

A clause that any source cites is encoded; every other has the class of its group in the register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.rulebook.check.names import nearest
from engine.rulebook.citation import Address, numeral, order, written
from engine.rulebook.clauses import by_article, citing, listed
from schemas.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.rulebook.model import Rulebook
    from schemas.register import Register

# why a clause of a class without its own reason is not encoded
REASONS = {
    "definition": {"zh": "界定用语，本身不产生义务", "en": "it defines words and asks nothing by itself"},
    "programme": {"zh": "面向政府的方针或者安排，不对企业设定义务", "en": "a programme of the state; it asks nothing of a firm"},
    "penalty": {"zh": "罚则，由主管机关裁量", "en": "a penalty, at the discretion of the competent body"},
    "open_norm": {"zh": "不确定概念，须由有权人员判断", "en": "an open norm, for a named official to judge"},
}


def coverage(rulebook: Rulebook, lang: str, instrument: str = "") -> list[Coverage]:
    """Return every listed clause, or those of one instrument, in the order of the registers.

    Raises InputError when no clause of the instrument is listed.
    """
    known = rulebook.registers
    if instrument and instrument not in known:
        raise InputError("unknown-instrument", f"no clause of `{instrument}` is listed", nearest(instrument, known, "see rules/"))
    wanted = [known[instrument]] if instrument else known.values()
    return [row for register in wanted for row in _rows(rulebook, register, lang)]


def _rows(rulebook: Rulebook, register: Register, lang: str) -> Iterator[Coverage]:
    articles = by_article(rulebook.cited).get(register.instrument, {})
    for clause in sorted(listed(register), key=lambda each: [order(part) for part in each.address]):
        by = citing(articles, clause.address)
        class_ = clause.group.class_ or "not_encoded"
        reason = clause.group.reason.get(lang) if clause.group.reason else REASONS.get(class_, {}).get(lang, "")
        yield Coverage(
            instrument=register.instrument,
            clause=written(clause.address),
            status="encoded" if by else class_,
            rules=by,
            reason="" if by else reason,
            locator=locator(rulebook, register, clause.address),
        )


def locator(rulebook: Rulebook, register: Register, address: Address) -> str:
    """Return where a clause can be read: the address of the text, then the words its article begins with.

    Where no address is known the number or title of the instrument stands for it.
    """
    known = rulebook.instruments[register.instrument]
    home = known.address or register.address or (register.text.address if register.text else "")
    return f"{home or (known.number or known.title).zh} {anchor(register, address)}".strip()


def anchor(register: Register, address: Address) -> str:
    """Return the heading of a clause's article in its instrument; a named part stands as it is written."""
    if not address:
        return ""
    head, _, inserted = address[0].partition("之")
    if not head.isdigit():
        return written(address)
    form = {"article": "第{zh}条", "point": "{n}．", "foreign": "Article {n}"}[register.anchor]
    return form.format(zh=numeral(int(head)), n=head) + (f"之{numeral(int(inserted))}" if inserted else "")
