"""Searches in a store of more runs than are counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenfold.records import Compare, Order, Run, RunQuery
from tenfold.stores.sql import SqlStores, open_sql
from tenfold.stores.sql.beginnings import FEW
from tenfold.stores.sql.search import MOST_COUNTED

COUNT = FEW + 500


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStores]:
    stores = open_sql(f"sqlite:///{tmp_path_factory.mktemp('large') / 'tenfold.db'}")
    stores.runs.create(
        [
            Run(
                id=f"{n:06}", project="odd" if n % 2 else "even", created_at_ms=n // 10, params={"third": n % 3, "n": n}
            )
            for n in range(COUNT)
        ]
    )
    yield stores
    stores.database.close()


def test_a_count_of_very_many_stops_and_says_so(sql: SqlStores) -> None:
    page = sql.runs.search(RunQuery())
    assert (page.total, page.at_least, page.next) == (MOST_COUNTED, True, 100)
    beyond = sql.runs.search(RunQuery(offset=15_000, limit=10))
    assert (beyond.total, beyond.at_least, len(beyond.items)) == (15_011, True, 10)
    last = sql.runs.search(RunQuery(offset=COUNT - 5))
    assert (last.total, last.at_least, last.next) == (COUNT, False, None)


def test_a_count_of_few_is_exact(sql: SqlStores) -> None:
    page = sql.runs.search(RunQuery(projects=["odd"]))
    assert (page.total, page.at_least) == (COUNT // 2, False)
    assert sql.runs.search(RunQuery(where=Compare("params.third", "=", 4))).total == 0


@pytest.mark.parametrize("descending", [False, True])
def test_both_ways_of_searching_page_through_the_same_runs_in_the_same_order(
    sql: SqlStores, *, descending: bool
) -> None:
    def page(offset: int, **query: object) -> list[str]:
        order = [Order("params.third", descending), Order("project", descending)]
        return [run.id for run in sql.runs.search(RunQuery(order=order, offset=offset, limit=7, **query)).items]  # type: ignore[arg-type]

    def key(n: int) -> tuple[float, ...]:
        sign = -1 if descending else 1
        return (sign * (n % 3), sign * (n % 2), -(n // 10), n)

    everything = [f"{n:06}" for n in sorted(range(COUNT), key=key)]
    few = [f"{n:06}" for n in sorted(range(COUNT - 1000, COUNT), key=key)]
    for offset in (0, 3, 7000):
        assert page(offset) == everything[offset : offset + 7]
    for offset in (0, 3, 990):
        assert page(offset, where=Compare("params.n", ">=", COUNT - 1000)) == few[offset : offset + 7]


def test_the_keys_of_a_large_project_are_found_without_reading_its_runs(sql: SqlStores) -> None:
    assert sql.runs.keys(["odd"]) == {"params": ["n", "third"], "metrics": [], "tags": []}
    assert sql.runs.keys(["nothing"]) == {"params": [], "metrics": [], "tags": []}
