"""Long work: a few threads that work jobs off, part by part, each part kept durably before the next begins.

A process that dies loses at most the part it worked at: the next one goes on after the last that was kept. A job that was begun
STARTS times and never ended is marked interrupted, so that one that kills the process does not kill it for ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.access.accounts import stamp
from api.access.sealed import Sealing
from engine.errors import FenjiError, InputError, StoreError
from engine.store.service import OVER, Job, Part, ServiceStore

LOG = logging.getLogger("fenji.jobs")
THREADS = 2
WAITING = 100  # jobs that may wait in all
EACH = 10  # jobs that an account may have unfinished
STARTS = 3
KEEP_HOURS = 72


@dataclass(frozen=True, slots=True)
class Work:
    """What a job does: `step(start, stop)` returns that part of the result, in parts of `size` of `total`."""

    total: int
    size: int
    step: Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: `begin(account, asked, accepted)` returns its work, and `media` is what its result is.

    A day that was not named is that of the moment it was accepted: a job that runs over midnight, or is taken up by another
    process the day after, is of one day.
    """

    begin: Callable[[str, bytes, datetime], Work]
    media: str


class Jobs:
    """The jobs of an installation, and the threads that work them off."""

    def __init__(self, store: ServiceStore, secret: bytes, clock: Callable[[], datetime], kinds: Mapping[str, Kind]) -> None:
        """Take up what another process left; `start` begins to work."""
        self.store = store
        self.kinds = kinds
        self._seal = Sealing(secret, b"fenji/jobs")
        self._clock = clock
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [threading.Thread(target=self._run, name=f"fenji-job-{n}", daemon=True) for n in range(THREADS)]
        for job in store.unfinished():
            lost = job.starts >= STARTS
            now = stamp(clock())
            over = {"cancelling": "cancelled", "running": "interrupted" if lost else "waiting"}.get(job.state, job.state)
            code = "interrupted" if over == "interrupted" else ""
            store.put(replace(job, state=over, changed=now, code=code, asked=b"" if over in OVER else job.asked))

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop after the parts that are worked at; the next process goes on there."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def add(self, job_id: str, account: str, kind: str, asked: bytes) -> Job:
        """Take a job and return it; one that was taken under the same id stands. Raises InputError, StoreError `busy`."""
        found = self.store.job(job_id)
        if found:
            return found
        accepted = self._clock().replace(microsecond=0)  # to the second, as it is kept
        total = self.kinds[kind].begin(account, asked, accepted).total  # what is wrong with it is said now, not later
        with self.store.together():
            if self.store.count_unfinished() >= WAITING or self.store.count_unfinished(account) >= EACH:
                raise StoreError("busy", "too many jobs wait", "try again when one is over")
            now = stamp(accepted)
            made = Job(job_id, account, kind, "waiting", 0, total, now, now, asked=self._seal.seal(job_id, asked))
            self.store.put(made)
        with self._changed:
            self._changed.notify()
        return made

    def cancel(self, job_id: str) -> None:
        """Cancel a job: at once when it waits, after its part when it runs; one that is over stays as it is."""
        with self.store.together():
            job = self.store.job(job_id)
            if job and job.state in ("waiting", "running"):
                kept = replace(job, changed=stamp(self._clock()))
                waits = job.state == "waiting"
                self.store.put(replace(kept, state="cancelled", asked=b"") if waits else replace(kept, state="cancelling"))

    def result(self, job: Job) -> Iterator[bytes]:
        """Yield the result of a job, part by part. Raises InputError unless it is done."""
        if job.state != "done":
            raise InputError("not-done", f"the job is {job.state}", "ask again when it is done")
        return (self._seal.open(part.place, part.data) for part in self.store.parts(job.id))

    def tidy(self, now: datetime) -> None:
        """Forget jobs that have been over for KEEP_HOURS, with their results."""
        self.store.drop_jobs(stamp(now - timedelta(hours=KEEP_HOURS)))

    # ------------------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._work(job)
            except FenjiError as error:
                self._over(job.id, "failed", error.finding.code, f"{error.finding.problem}; {error.finding.help}")
            except Exception as error:  # noqa: BLE001 - the thread goes on with the next job
                LOG.error("failed", extra={"job": job.id, "code": type(error).__name__})  # noqa: TRY400 - a trace may show facts
                self._over(job.id, "failed", "internal", "the server failed")

    def _next(self) -> Job | None:
        """Return the job that waits longest, as it is taken; None at the end."""
        while not self._closing:
            with self.store.together():
                job = self.store.next_job()
                if job:
                    job = replace(job, state="running", starts=job.starts + 1, changed=stamp(self._clock()))
                    self.store.put(job)
                    return job
            with self._changed:
                if not self._closing:
                    self._changed.wait(1.0)
        return None

    def _work(self, job: Job) -> None:
        work = self.kinds[job.kind].begin(job.account, self._seal.open(job.id, job.asked), datetime.fromisoformat(job.made))
        done = job.done
        while done < work.total:
            stop = min(done + work.size, work.total)
            data = work.step(done, stop)
            place = f"{job.id}/{done}"
            with self.store.together():  # INVARIANT: a part is kept with the count that includes it, or neither is
                now = self.store.job(job.id)
                if now is None or now.state != "running" or now.done != done:
                    break  # cancelled, or another process took it over
                self.store.put(Part(place, job.id, done, self._seal.seal(place, data)))
                self.store.put(replace(now, done=stop, changed=stamp(self._clock())))
            done = stop
            if self._closing and done < work.total:
                self._over(job.id, "waiting")  # the next process goes on here
                return
        else:
            self._over(job.id, "done")
            return
        now = self.store.job(job.id)
        if now and now.state == "cancelling":
            self._over(job.id, "cancelled")

    def _over(self, job_id: str, state: str, code: str = "", problem: str = "") -> None:
        """Set where a job ends up; one that was being cancelled is cancelled, whatever it came to."""
        with self.store.together():
            job = self.store.job(job_id)
            if job and job.state not in OVER:
                over = "cancelled" if job.state == "cancelling" else state
                kept = replace(job, state=over, code=code, problem=problem, changed=stamp(self._clock()))
                # what was asked is needed no more; a job that gives way to the end of the process was no start in vain
                self.store.put(replace(kept, starts=job.starts - 1) if over == "waiting" else replace(kept, asked=b""))
