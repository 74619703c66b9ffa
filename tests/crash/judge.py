"""The judgement of a store that was recovered after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.evidence import merkle, note
from engine.evidence.log import leaf
from engine.store.append import Head, Row
from engine.store.opening import Store
from tests.ledger import LOG_KEY, ORIGIN


def judge(store: Store, rows: Mapping[int, Row], heads: Iterable[Head]) -> int:
    """Return the size of a store; refuse rows other than those known, a head that is not over them, and forks of `heads`."""
    stored = store.connection.execute("SELECT seq, id, kind, leaf, payload FROM record ORDER BY seq").fetchall()
    head = store.appender.head()
    if head is None:
        assert not stored
        return 0
    assert len(stored) == head.size
    frontier, roots = merkle.Frontier(), {}
    for index, (seq, name, kind, digest, payload) in enumerate(stored):
        assert seq == index
        assert digest == merkle.leaf_hash(leaf(kind, payload))
        if index in rows:
            assert (name, payload) == (rows[index].id, rows[index].payload)
        frontier.append(digest)
        roots[frontier.size] = frontier.root()
    for each in heads:
        if each.size <= head.size:
            assert roots[each.size] == each.root, "a published head is not extended: the log forked"
            path = merkle.consistency(each.size, head.size, store.appender.hash)
            merkle.verify_consistency(each.size, each.root, head.size, head.root, path)
    streams(store, stored_seqs=len(stored))
    assert note.signed_by(head.note, [LOG_KEY]) == [LOG_KEY]
    assert note.read_checkpoint(head.note) == note.Checkpoint(ORIGIN, head.size, roots[head.size])
    return head.size


def streams(store: Store, stored_seqs: int) -> None:
    """Refuse an event without its record, a gap in a stream, and a stream's row that is not what its last event left."""
    read = store.connection.execute
    last: dict[str, int] = {}
    for stream, number, seq in read("SELECT stream, number, seq FROM event ORDER BY stream, number").fetchall():
        assert number == last.get(stream, 0) + 1, "an event is lost"
        assert seq < stored_seqs
        last[stream] = number
    assert dict(read("SELECT id, number FROM stream").fetchall()) == last
