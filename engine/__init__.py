"""fenji (分级): declarative rules that grade AI products and judge data transfers, exact where facts are missing.

Rooms in the order data flows through them, each importing only what stands before it here:

    rulebook/   read the rules, prove them sound     read -> parse -> load -> check -> lock
    decide/     facts -> outcome with reasons        filing -> program -> evaluate -> missing -> assess

`errors` is open to every room.
"""

from engine.decide.assess import assess
from engine.errors import FenjiError, InputError, RulebookError
from engine.rulebook.load import load
from engine.rulebook.locate import find, open_rulebook
from engine.rulebook.read import read

__all__ = ["FenjiError", "InputError", "RulebookError", "assess", "find", "load", "open_rulebook", "read"]
