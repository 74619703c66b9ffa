"""Print the figures: tightness, times, memory. Ratios within one run, beside their bars if they have any; nothing here fails."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from random import Random
from statistics import median

from engine.decide.assess import evaluator
from engine.decide.combine import fixed
from engine.decide.complete import Enumeration, TooManyError
from engine.decide.evaluate import Evaluator
from engine.decide.overall import overall
from engine.errors import InputError
from engine.rulebook.locate import open_rulebook
from engine.rulebook.model import Rulebook
from tests import randomness
from tests.benchmarks import evidence, http, monitors, sharing, supervise

ROOT = Path(__file__).parents[2]
AS_OF = date(2026, 8, 1)


def bounds(value: int) -> tuple[int, int]:
    """Return the lowest and highest bit of a mask."""
    return (value & -value).bit_length(), value.bit_length()


def tightness(book: Rulebook, pack: str, cases: int) -> None:
    """Compare bounds of undetermined outcomes with the exact ones, on filings with one item and up to 30 % missing."""
    evaluate = evaluator(book, pack)
    same = wrong = given_up = 0
    loose: dict[str, int] = {}
    for seed in range(cases):
        random = Random(seed)
        filing = randomness.forget(randomness.complete(evaluate, random, AS_OF), random, random.uniform(0, 0.3))
        picture = evaluate.picture(filing, AS_OF)
        if all(fixed(evaluate.pack.outcomes[n].combine, v) for (n, _), v in picture.outcomes.items()):
            continue
        try:
            exact = Enumeration(evaluate, AS_OF, 20_000).run(filing)
        except TooManyError:
            given_up += 1
            continue
        if not exact:  # no completion is possible, which narrowing alone did not see
            given_up += 1
            continue
        for key, value in picture.outcomes.items():
            combine = evaluate.pack.outcomes[key[0]].combine
            if not fixed(combine, value):
                good = value == exact[key] if combine == "union" else bounds(value) == bounds(exact[key])
                same, wrong = same + good, wrong + (not good)
                if not good:
                    loose[key[0]] = loose.get(key[0], 0) + 1
    share = 100 * same / max(1, same + wrong)
    print(
        f"tightness {pack}: {share:.2f} % of {same + wrong} undetermined outcomes exact; not enumerable {given_up}; loose {loose}"
    )


def timed(evaluate: Evaluator, items: int, missing: float, runs: int = 40) -> float:
    """Return the median milliseconds of one evaluation with its rules' traces."""
    times = []
    for seed in range(runs):
        random = Random(seed)
        filing = randomness.complete(evaluate, random, AS_OF, items)
        filing = randomness.forget(filing, random, missing) if missing else filing
        try:
            evaluate.picture(filing, AS_OF)
        except InputError:
            continue
        start = time.perf_counter()
        evaluate.picture(filing, AS_OF)
        times.append((time.perf_counter() - start) * 1000)
    return median(times)


def times(book: Rulebook, pack: str, sizes: tuple[int, ...]) -> None:
    """Print evaluation times of complete facts, and the ratio with 30 % of them missing."""
    evaluate = evaluator(book, pack)
    for items in sizes:
        full = timed(evaluate, items, 0, 40 if items < 20 else 8)
        part = timed(evaluate, items, 0.3, 40 if items < 20 else 8)
        print(f"evaluate {pack}, {items} items: {full:.2f} ms complete; {part:.2f} ms with 30 % missing ({part / full:.1f} x)")


def everything(book: Rulebook) -> None:
    """Print the time of an assessment over all packs, on complete facts with evidence."""
    from tests import test_comply

    spent = []
    for seed in range(40):
        random = Random(seed)
        filing = test_comply.proven(randomness.complete(test_comply.everything(), random, AS_OF), random)
        first = overall(book, filing, AS_OF, test_comply.ON)
        if any(part.answer and not part.answer.determined for part in first.packs):
            continue  # a fact that no condition reads a value of was left out
        start = time.perf_counter()
        overall(book, filing, AS_OF, test_comply.ON)
        spent.append((time.perf_counter() - start) * 1000)
    print(f"assess over {len(book.packs)} packs: median {median(spent):.1f} ms, largest {max(spent):.1f} ms, on complete facts")


def process(*pack: str, name: str = "chat-forum") -> None:
    """Print wall time and memory of `fenji assess` on a sample as a process, with the rulebook in the cache."""
    sample = ROOT / f"rules/samples/nanjing-tiering/{name}.yaml"
    command = [sys.executable, "-c", "from api.cli import main; main()", "assess", *pack, str(sample), "--as-of", "2026-08-01"]
    runs = []
    for _ in range(8):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        runs.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    over = pack[0] if pack else "over all packs"
    print(f"fenji assess {over} on {name} as a process: median {median(runs[1:]):.2f} s, peak {peak:.0f} MB")


def ten_thousand() -> None:
    """Print time and memory of `check` without cases on a synthetic rulebook of 10,000 rules."""
    with tempfile.TemporaryDirectory() as folder:
        code = "import sys; from tests.benchmarks.synthetic import main; main(sys.argv[1])"
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code, folder], check=True, env=env)


def main() -> None:
    """Print every figure."""
    book = open_rulebook(ROOT / "rules")
    print(f"machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for pack in book.packs:
        tightness(book, pack, 600)
    times(book, "nanjing-tiering", (1,))
    times(book, "cn-cross-border", (1, 5, 50))
    everything(book)
    process("nanjing-tiering")
    for name in ("chat-forum", "machine-vision", "nearly-empty"):
        process(name=name)
    sharing.main()
    monitors.main(200_000)
    supervise.run()
    http.main()
    ten_thousand()
    evidence.main()


if __name__ == "__main__":
    main()
