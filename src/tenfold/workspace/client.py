"""Reading what a workspace holds: runs, points, versions, lineage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tenfold.base.addresses import parse
from tenfold.base.user import user_name
from tenfold.records import Curve, Explanation, Graph, Page, Run, RunQuery, Version
from tenfold.workspace.workspace import Workspace, current, open_workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tenfold.contracts import Stores
    from tenfold.workspace.actions import Acted, Action
    from tenfold.workspace.model_list import Models
    from tenfold.workspace.reports import Report, ReportInfo
    from tenfold.workspace.reproducing import Reproduction


class Client:
    """Reads runs, series, versions and lineage. Everything it gives is a record or an array.

    Args:
        place: A workspace, or where its store is (a folder, postgresql://…, http://server); this process's when not given.
    """

    def __init__(self, place: Workspace | str | None = None, *, token: str | None = None) -> None:
        if isinstance(place, str):
            place = open_workspace(place, token=token)
        self.workspace = place if place is not None else current()

    @property
    def stores(self) -> Stores:
        return self.workspace.stores

    @property
    def models(self) -> Models:
        """The registered models, and what was in production when: `models.at("2026-03-03", alias="champion")`."""
        from tenfold.workspace.model_list import Models

        return Models(self.stores)

    def runs(
        self,
        where: str = "",
        *,
        projects: Sequence[str] = (),
        kinds: Sequence[str] = (),
        order: str = "",
        deleted: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[Run]:
        """One page of runs.

        Args:
            where: The search language: `metrics.acc > 0.9 and params.opt = 'adam'`.
            order: Such as `metrics.acc desc, created_at_ms`; the newest first when empty.

        Raises:
            InvalidSearch: with the position of the character at fault.
        """
        from tenfold.tracking import parse_order, parse_search

        query = RunQuery(
            projects=list(projects) or None,
            kinds=list(kinds) or None,
            where=parse_search(where) if where.strip() else None,
            order=parse_order(order) if order.strip() else [],
            deleted=deleted,
            limit=limit,
            offset=offset,
        )
        return self.stores.runs.search(query)

    def run(self, run: str) -> Run:
        """One run by id or address. Raises RunNotFound."""
        return self.stores.runs.get([parse(run if run.startswith("run:") else f"run:{run}").name])[0]

    def act(
        self,
        action: Action,
        runs: Sequence[str] | None = None,
        *,
        where: str | None = None,
        projects: Sequence[str] = (),
        kinds: Sequence[str] = (),
        tags: Mapping[str, str | None] | None = None,
        preview: bool = False,
    ) -> Acted:
        """Do one thing to many runs: star, unstar, archive, unarchive, tag, stop, delete, restore, purge.

        Args:
            runs: Ids or addresses; or else all that `where` finds ('' finds all), of these projects and kinds.
            tags: For `tag`; None removes one.
            preview: Only say what it would do.

        Raises:
            Invalid: Neither runs nor `where`, or what the action needs is missing.
            RunNotFound: A run named is not there; nothing was changed.
        """
        from tenfold.tracking import parse_search
        from tenfold.workspace.actions import act

        query = None
        if where is not None:
            query = RunQuery(projects=list(projects) or None, kinds=list(kinds) or None, where=parse_search(where))
        named = None if runs is None else [parse(r if r.startswith("run:") else f"run:{r}").name for r in runs]
        return act(self.stores, action, run_ids=named, query=query, tags=tags, preview=preview)

    def series(
        self, run_id: str, key: str, *, min_step: int | None = None, max_step: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """All points of one metric of a run: steps (points,) and values (points,), in order of step."""
        import numpy as np

        points = self.stores.series.read(run_id, key, min_step=min_step, max_step=max_step)
        return np.frombuffer(points.steps, "<i8"), np.frombuffer(points.values, "<f8")

    def curves(self, run_ids: Sequence[str], key: str, *, buckets: int = 1000) -> list[Curve]:
        """One metric of several runs, as drawn `buckets` pixels wide: min, max, mean and last of each bucket."""
        return self.stores.series.curves(list(run_ids), key, buckets=buckets)

    def version(self, address: str) -> Version:
        """The version an address means now. Raises VersionNotFound."""
        from tenfold.contracts import resolve

        return resolve(self.stores, address)

    def versions(
        self, kind: str | None = None, name: str | None = None, *, limit: int = 100, offset: int = 0
    ) -> list[Version]:
        """Versions, the newest first."""
        return self.stores.versions.search(kind, name, limit=limit, offset=offset)

    def used(self, run: str) -> set[str]:
        """Addresses of the versions that a run used."""
        edges = [edge for edge in self.stores.lineage.of_runs([self.run(run).id]) if edge.direction == "used"]
        return {version.address for version in self.stores.versions.get([edge.version_id for edge in edges])}

    def frame(
        self, where: str = "", *, as_: Literal["polars", "pandas"] = "polars", limit: int | None = None, **options: Any
    ) -> Any:
        """Runs as a Polars or pandas frame: a row a run, columns `params.…`, `metrics.…`, `tags.…`, `result.…`.

        Args:
            limit: At most so many; all when not given.
            options: projects, kinds, order, deleted; as of `runs`.
        """
        from tenfold.workspace.frames import frame_of

        found: list[Run] = []
        offset: int | None = int(options.pop("offset", 0))
        while offset is not None and (limit is None or len(found) < limit):
            size = 1000 if limit is None else min(1000, limit - len(found))
            page = self.runs(where, limit=size, offset=offset, **options)
            found += page.items
            offset = page.next if page.items else None
        return frame_of(found, as_)

    def reproduce(
        self,
        run: str,
        *,
        here: bool = False,
        python: str | None = None,
        repository: str | Path | None = None,
        folder: str | Path | None = None,
        tolerance: float | Mapping[str, float] = 1e-6,
        arguments: Sequence[str] | None = None,
        inexact: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> Reproduction:
        """Do a run again: same commit, changes, packages, data, arguments; then its metrics then and now.

        See `tenfold.workspace.reproducing.reproduce` for the arguments and errors.
        """
        from tenfold.workspace.reproducing import reproduce

        return reproduce(
            self.workspace, self.run(run).id, here=here, python=python,
            repository=Path(repository) if repository else None, folder=Path(folder).absolute() if folder else None,
            tolerance=tolerance, arguments=arguments, inexact=inexact, say=say,
        )  # fmt: skip

    def reports(self) -> list[ReportInfo]:
        """Reports that people wrote, the one saved last first."""
        from tenfold.workspace.reports import listed

        return listed(self.stores)

    def report(self, name: str, version: int | None = None) -> Report:
        """A report, its newest version when none is given. Raises NotFound."""
        from tenfold.workspace.reports import load

        return load(self.stores, name, version)

    def save_report(self, name: str, text: str, *, expect: int | None = None, message: str = "") -> Report:
        """Keep Markdown as the next version of a report; blocks fenced as `tenfold` are live panels.

        Args:
            expect: The version that was read before this change, 0 for a new report.

        Raises:
            RefMoved: Somebody saved after that version.
            Invalid: A panel cannot be read.
        """
        from tenfold.workspace.reports import save

        return save(self.stores, name, text, expect=expect, author=user_name(), message=message)

    def export_report(self, name: str, path: str | Path, version: int | None = None) -> Path:
        """Write a report, with what its panels show now, as one HTML file that needs nothing else."""
        from tenfold.workspace.reports import to_html

        target = Path(path)
        target.write_text(to_html(self.stores, self.report(name, version)), "utf-8")
        return target

    def why(self, address: str) -> Explanation:
        """Trace a thing back to the data, code and files behind it."""
        from tenfold.workspace.explain import why
        from tenfold.workspace.predictions import prediction_finder

        return why(self.stores, address, find_prediction=prediction_finder(self.workspace))

    def impact(self, address: str, *, depth: int = 50) -> Graph:
        """Everything that was built on a thing."""
        from tenfold.workspace.lineage import walk
        from tenfold.workspace.predictions import prediction_finder

        return walk(
            self.stores, address, direction="down", depth=depth, find_prediction=prediction_finder(self.workspace)
        )
