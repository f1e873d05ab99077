"""What the pages of a run are cut from, while the run goes on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tenfold.pipelines import Host, pipeline, step
from tenfold.server.snapshots import snapshot
from tenfold.testing.stores import memory_stores

LOOKS: list[Any] = []


@step(retries=1, retry_delay_s=0.0)
def looked_at(number: int) -> int:
    LOOKS[0]()
    if number == 3 and len(LOOKS) == 1:
        LOOKS.append("failed once")
        raise ValueError("once")
    return number


@step
def total(numbers: list[int]) -> int:
    LOOKS[0]()
    return sum(numbers)


@pipeline
def looked_at_as_it_goes(count: int = 6) -> Any:
    return total(looked_at.map(list(range(count))))


def test_what_is_kept_of_a_run_that_goes_on_is_what_is_read_anew(tmp_path: Path) -> None:
    stores = memory_stores()
    place: Any = SimpleNamespace(stores=stores, kept={})
    ended: list[int] = []

    def look(root_id: str | None = None) -> None:
        if root_id is None:
            (root_id,) = stores.tasks.open_roots()
        seen = snapshot(place, root_id)
        fresh = snapshot(SimpleNamespace(stores=stores, kept={}), root_id)  # type: ignore[arg-type]
        assert seen == fresh
        ended.append(seen.counts.get("finished", 0))

    LOOKS[:] = [look]
    run = looked_at_as_it_goes.with_options(host=Host(stores, tmp_path), executor="inline").run()
    look(run.id)
    assert run.outputs() == 15 and len(LOOKS) == 2
    assert ended[0] == 0 and ended[-1] == 7 and sorted(ended) == ended and len(set(ended)) > 2
