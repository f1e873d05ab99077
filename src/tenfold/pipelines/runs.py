"""A pipeline's run as its caller holds it."""

from __future__ import annotations

from typing import Any

from tenfold.pipelines.authoring.templates import Template, fill, make
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.progress import OnEvent
from tenfold.pipelines.host import Host
from tenfold.pipelines.status import PipelineGraph, StepStatus, graph
from tenfold.records import Run


class PipelineRun:
    """Reads the run anew at each question, so it also follows a run that another process drives."""

    def __init__(self, id: str, host: Host) -> None:
        self.id = id
        self._host = host

    @property
    def record(self) -> Run:
        """The run's record."""
        return self._host.stores.runs.get([self.id])[0]

    @property
    def state(self) -> str:
        """'running', 'finished', 'failed', 'killed' or 'lost'."""
        return self.record.state

    @property
    def address(self) -> str:
        return f"run:{self.id}"

    @property
    def graph(self) -> PipelineGraph:
        """Steps with states, times, and why they ran."""
        return graph(self._host.stores, self.id)

    @property
    def steps(self) -> dict[str, StepStatus]:
        """The steps by key, in the graph's order."""
        return {node.key: node for node in self.graph.nodes}

    def outputs(self, *, allow_pickle: bool = False) -> Any:
        """What the pipeline's body returned, handles replaced by their values.

        Raises:
            KeyError: A step gave none.
            Forbidden: A value was kept as a pickle, and whoever can write to the store is not trusted by `allow_pickle`.
        """
        record = self.record
        board = self._board(record)
        return self._made(fill(record.result["returns"], board.lookup), f"What {record.name!r} returned", allow_pickle)

    def output(self, key: str, name: str | None = None, *, allow_pickle: bool = False) -> Any:
        """What one step gave, by its key ('train', 'train[2]'): all its outputs, or the one of that name."""
        return self._made(self._board(self.record).lookup(key, name), f"The output of {key!r}", allow_pickle)

    def output_address(self, key: str, name: str | None = None) -> str:
        """The address of the version that holds a step's output: of another pipeline's step, when that made it."""
        place = self._board(self.record).places[key]
        output = name or place.spec.outputs[0]
        return self._host.stores.versions.get([place.outputs[output].version_id])[0].address

    def resume(self, *, on_event: OnEvent | None = None) -> PipelineRun:
        """Go on with it; see `pipelines.resume`."""
        from tenfold.pipelines.control import resume

        return resume(self.id, host=self._host, on_event=on_event)

    def _made(self, filled: Template, what: str, allow_pickle: bool) -> Any:
        return make(filled, lambda: self._host.stores.blobs, None, allow_pickle=allow_pickle, what=what)

    def _board(self, record: Run) -> Board:
        board = Board(self._host.stores, record, record.name)
        board.load()
        return board

    def __repr__(self) -> str:
        return f"<pipeline run {self.id} {self.state}>"
