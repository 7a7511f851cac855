"""Studies of scanned panels: small ones in memory like any other, large ones in shares, each written when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from eventstudy.abnormal.models.protocol import is_own
from eventstudy.checks import checked
from eventstudy.errors import DataError, StudyError
from eventstudy.returns.scan.scanned import ScannedPanel
from eventstudy.study.design import Design
from eventstudy.study.fit.donors import pool_names
from eventstudy.study.fit.fit import fit_study
from eventstudy.study.fitted import Fitted
from eventstudy.study.large.parts import part_files
from eventstudy.study.large.plan import (
    ScannedPlan,
    is_split,
    matches,
    plan_scanned,
    planned,
    refuse_donors,
    refuse_split,
)
from eventstudy.study.large.share import Share, do_share, put
from eventstudy.study.large.store import Store, manifest_for, store_for
from eventstudy.study.large.stored import StoredResult
from eventstudy.study.provenance import config_of
from eventstudy.study.tables.exclusions import excluded
from eventstudy.workers import spread, usable

Progress = Callable[[int, int], None]


def fit_scanned(study: Design, events: Any, scan: ScannedPanel, *, symbols: Any, executor: Any) -> Fitted | LargeResult:
    """Fit a study on a scanned panel: in memory where it is small, else not before it is written."""
    usable(executor)
    if pool_names(study.model):
        return fit_study(study, events, scan.load(), symbols=symbols, executor=executor)
    plan = plan_scanned(study, events, scan, symbols)
    if plan.bytes > scan.memory:
        refuse_donors(study)
        refuse_split(study, plan.plan.request)
        return LargeResult(plan, executor)
    if is_split(study, plan.plan.request):
        return fit_study(study, events, scan.load(), symbols=symbols, executor=executor)
    asked = [*plan.plan.symbols, *matches(study, plan.plan.symbols)]
    wanted = [*plan.beside, *asked] if plan.plan.request.symbol is not None or plan.plan.request.crossed else None
    return fit_study(study, events, scan.load(wanted), symbols=symbols, executor=executor, whole=plan.whole)


@dataclass(frozen=True, eq=False, repr=False)
class LargeResult:
    """A study that is larger than memory, planned and not yet done; `to_parquet` does it.

    Attributes
    ----------
    shares : int
        Parts in which it is done.
    asked : int
        Security-events asked for.
    """

    _plan: ScannedPlan
    _executor: Any = None

    @property
    def study(self) -> Design:
        """The study."""
        return self._plan.plan.study

    @property
    def shares(self) -> int:
        """Parts in which it is done."""
        return len(self._plan.plan.blocks)

    @property
    def asked(self) -> int:
        """Security-events asked for."""
        return self._plan.plan.size

    @checked()
    def to_parquet(
        self, folder: str | Path, *, resume: bool = True, executor: Any = None, progress: Progress | None = None
    ) -> StoredResult:
        """Do the study and write it, part by part.

        Parameters
        ----------
        folder : str or pathlib.Path
            New, empty, or one that holds parts of the same study on the same data: those are kept, only what is left is
            done. On a cluster it lies on storage that all workers share, as the panel does.
        resume : bool
            False: what the folder holds is replaced.
        executor : Executor, distributed.Client, or the module ray, optional
            By default that of `EventStudy.fit`. The files are the same bytes with any, whatever the number of workers, the
            order in which they come, and the workers that are lost.
        progress : callable, optional
            ``progress(done, total)`` after every part.

        Returns
        -------
        StoredResult

        Raises
        ------
        StudyError, DataError, InputError
            If the data of some shares cannot be used: the others are done and kept, and the message names each file once.
        WorkersLost
            If workers or their scheduler do not come back; what is done is kept.
        """
        plan, place = self._plan, Path(folder)
        with store_for(place, _manifest(plan.plan, plan.scan.digest), resume=resume) as store:
            waiting = store.missing()
            done = store.shares - len(waiting)
            say = progress or (lambda _done, _total: None)
            say(done, store.shares)
            faults: list[str] = []
            tasks = self._tasks(store, waiting)
            for _, fault in spread(do_share, tasks, executor if executor is not None else self._executor):
                faults += [fault] if fault else []
                done += not fault
                say(done, store.shares)
            if faults:
                each = "; ".join(dict.fromkeys(faults))
                msg = (
                    f"{len(faults)} of {store.shares} parts could not be made: {each}; the others are in {folder}: mend it and run "
                    "again, only these are made"
                )
                raise DataError(msg)
        return StoredResult(Store(store.folder, store.manifest))

    def _tasks(self, store: Store, waiting: list[int]) -> Iterator[tuple[Share]]:
        plan, whole = self._plan.plan, self._plan.whole
        scan = self._plan.scan
        small = scan.only([]).beside(scan.only(self._plan.beside))  # read once, sent to all
        for number in waiting:
            rows = plan.rows(number)
            scan = self._plan.scan.only(self._plan.columns(number)).beside(small)
            folder = str(store.folder.resolve())
            yield (
                Share(
                    number,
                    self._plan.given,
                    plan.events(rows),
                    rows,
                    scan,
                    whole,
                    folder,
                    (store.manifest["plan"], plan.size),
                ),
            )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_") or name not in ANSWERS:
            raise AttributeError(name)
        msg = f"this study is larger than memory ({self!r}); write it first: result.to_parquet(folder).{name}, or raise scan_returns(memory=)"
        raise StudyError(msg)

    def __repr__(self) -> str:
        return f"LargeResult: {self.asked} security-events in {self.shares} parts, not yet written"


ANSWERS = frozenset(
    {"n", "n_sessions", "car", "tidy", "aar", "caar", "bhar", "abhar", "test", "tests", "excluded", "events", "summary", "joint",
     "diagnostics", "explain", "sample", "plot", "report", "table", "provenance", "counterfactual"}
)  # fmt: skip
"""What an ordinary result answers."""


def _manifest(plan: Any, data: str) -> dict[str, Any]:
    study = plan.study
    model: Any = study.model
    said = {
        "repr": repr(model),
        "symbols": list(model.symbols),
        "k": model.k,
        "forecast": model.forecast,
        "least_squares": not is_own(model),
    }
    return manifest_for(plan.digest(), data, len(plan.blocks), plan.size, config_of(study), said)


def write_result(result: Fitted, folder: Path, *, resume: bool = True) -> StoredResult:
    """Write an ordinary result as a large one is written: the same study has the same files."""
    refuse_donors(result.study)
    refuse_split(result.study, result.request)
    crossed = result.request.symbol is None
    plan = planned(
        result.study, result.request, list(result.symbols), None if crossed else result.symbol, len(result.panel.frame)
    )
    left = excluded(result)
    with store_for(folder, _manifest(plan, result.panel.digest), resume=resume) as store:
        for number in store.missing():
            rows = plan.rows(number)
            put(part_files(result, rows, rows, number, (store.manifest["plan"], plan.size), left), store.folder)
    return StoredResult(Store(store.folder, store.manifest))
