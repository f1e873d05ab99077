"""What every store's search of runs must find, in which order."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest

from tenfold.base.errors import InvalidSearch
from tenfold.contracts import Stores
from tenfold.records import And, Compare, Not, Or, Order, Points, RunQuery
from tenfold.records.search import Expression
from tenfold.testing.runs import a_run


def _points(*values: float) -> Points:
    count = len(values)
    steps = struct.pack(f"<{count}q", *range(count))
    return Points(steps, struct.pack(f"<{count}d", *values), steps)


class SearchSuite:
    """Inherit it and give a fixture `stores`. Runs are known by their names, one letter each."""

    @pytest.fixture
    def found(self, stores: Stores) -> Any:
        """Five runs a to e, and a search that gives their names in order."""
        runs = [
            a_run(
                name="a", params={"lr": 0.1, "opt": "adam", "deep": {"er": 1}}, tags={"team": "red"}, created_at_ms=1
            ),
            a_run(name="b", params={"lr": 0.01, "opt": "sgd"}, tags={"team": "Blue"}, created_at_ms=2, kind="trial"),
            a_run(name="c", params={"lr": "0.001", "opt": "adamw", "on": True}, created_at_ms=3, group="g"),
            a_run(name="d", params={"lr": "fast"}, created_at_ms=4, started_at_ms=10, ended_at_ms=25),
            a_run(name="e", project="q", created_at_ms=5, user="50%_\\x"),
        ]
        stores.runs.create(runs)
        metrics = {"a": (0.5, 0.9), "b": (0.2, 0.8), "c": (math.nan,), "d": (math.inf,)}
        for run in runs:
            if run.name in metrics:
                stores.series.append(run.id, {"acc": _points(*metrics[run.name])}, source=run.id, offset=1)

        def search(where: Expression | None = None, *order: Order, **query: Any) -> str:
            page = stores.runs.search(RunQuery(where=where, order=list(order), **query))
            assert page.total == len(page.items) + query.get("offset", 0) or page.next is not None
            return "".join(run.name for run in page.items)

        return search

    def test_the_newest_come_first(self, found: Any) -> None:
        assert found() == "edcba"

    def test_projects_and_kinds(self, found: Any) -> None:
        assert found(projects=["p"]) == "dcba"
        assert found(projects=["p", "q"], kinds=["trial"]) == "b"
        assert found(projects=[]) == ""

    def test_params_compare_as_numbers_with_numbers(self, found: Any) -> None:
        assert found(Compare("params.lr", "<", 0.05)) == "cb"
        assert found(Compare("params.lr", "=", 0.1)) == "a"
        assert found(Compare("params.lr", ">=", 0.01)) == "ba"
        assert found(Compare("params.lr", "!=", 0.1)) == "dcb"
        assert found(Compare("params.lr", "in", [0.1, 0.01])) == "ba"
        assert found(Compare("params.deep.er", "=", 1)) == "a"

    def test_params_compare_as_texts_with_texts(self, found: Any) -> None:
        assert found(Compare("params.opt", "=", "adam")) == "a"
        assert found(Compare("params.opt", "!=", "adam")) == "cb"
        assert found(Compare("params.opt", "in", ["adam", "sgd", "x"])) == "ba"
        assert found(Compare("params.opt", "not in", ["adam", "sgd"])) == "c"
        assert found(Compare("params.opt", "in", [])) == ""
        assert found(Compare("params.opt", "not in", [])) == "cba"
        assert found(Compare("params.opt", ">", "adam")) == "cb"
        assert found(Compare("params.lr", "in", ["fast", 0.1])) == "da"
        assert found(Compare("params.on", "=", True)) == "c"

    def test_patterns(self, found: Any) -> None:
        assert found(Compare("params.opt", "like", "adam%")) == "ca"
        assert found(Compare("params.opt", "like", "ADAM%")) == ""
        assert found(Compare("params.opt", "ilike", "ADAM%")) == "ca"
        assert found(Compare("tags.team", "ilike", "b__e")) == "b"
        assert found(Compare("user", "like", "50\\%\\_\\\\x")) == "e"
        assert found(Compare("user", "like", "5%x")) == "e"
        assert found(Compare("name", "like", "%")) == "edcba"

    def test_metrics_and_summaries(self, found: Any) -> None:
        assert found(Compare("metrics.acc", ">", 0.85)) == "da"
        assert found(Compare("summary.acc.min", "<=", 0.5)) == "ba"
        assert found(Compare("summary.acc.count", "=", 2)) == "ba"
        assert found(Compare("metrics.acc", "!=", 0.9)) == "dcb"
        assert found(Compare("metrics.acc", "is not null")) == "dcba"

    def test_attributes(self, found: Any) -> None:
        assert found(Compare("duration_ms", "=", 15)) == "d"
        assert found(Compare("duration_ms", "is null")) == "ecba"
        assert found(Compare("created_at_ms", ">", 3)) == "ed"
        assert found(Compare("group", "=", "g")) == "c"
        assert found(Compare("group", "!=", "h")) == "c"
        assert found(Compare("group", "is null")) == "edba"
        assert found(Compare("state", "in", ["created"])) == "edcba"
        assert found(Compare("name", ">=", "d")) == "ed"

    def test_a_run_without_the_field_matches_only_is_null(self, found: Any) -> None:
        assert found(Compare("params.opt", "is null")) == "ed"
        assert found(Compare("tags.team", "is null")) == "edc"
        assert found(Compare("tags.team", "!=", "red")) == "b"
        assert found(Compare("metrics.none", "is null")) == "edcba"

    def test_and_or_not(self, found: Any) -> None:
        red, adam = Compare("tags.team", "=", "red"), Compare("params.opt", "like", "adam%")
        assert found(And([red, adam])) == "a"
        assert found(Or([red, Compare("name", "=", "e")])) == "ea"
        assert found(Not(red)) == "edcb"
        assert found(And([Not(red), adam])) == "c"
        assert found(Not(Or([red, adam]))) == "edb"
        assert found(And([])) == "edcba"
        assert found(Or([])) == ""

    def test_order_by_a_metric_puts_runs_without_it_last(self, found: Any) -> None:
        assert found(None, Order("metrics.acc")) == "badec"
        assert found(None, Order("metrics.acc", descending=True)) == "dabec"

    def test_order_by_a_param_puts_numbers_before_texts(self, found: Any) -> None:
        assert found(None, Order("params.lr")) == "cbade"
        assert found(None, Order("params.lr", descending=True)) == "abcde"

    def test_order_by_several(self, found: Any) -> None:
        assert found(None, Order("tags.team", descending=True), Order("name")) == "abcde"
        assert found(None, Order("kind", descending=True), Order("created_at_ms")) == "bacde"

    def test_pages_follow_one_another(self, stores: Stores, found: Any) -> None:
        first = stores.runs.search(RunQuery(limit=2))
        assert ([run.name for run in first.items], first.total, first.next) == (["e", "d"], 5, 2)
        last = stores.runs.search(RunQuery(limit=2, offset=4))
        assert ([run.name for run in last.items], last.total, last.next) == (["a"], 5, None)
        beyond = stores.runs.search(RunQuery(limit=2, offset=9))
        assert (beyond.items, beyond.total, beyond.next) == ([], 5, None)
        none = stores.runs.search(RunQuery(limit=0))
        assert (none.items, none.total) == ([], 5)
        uncounted = stores.runs.search(RunQuery(limit=2, count=False))
        assert (len(uncounted.items), uncounted.total, uncounted.next) == (2, -1, 2)

    def test_a_page_holds_whole_runs(self, stores: Stores, found: Any) -> None:
        page = stores.runs.search(RunQuery(where=Compare("name", "=", "a")))
        (run,) = page.items
        assert run.params["deep"] == {"er": 1}
        assert run.tags == {"team": "red"}
        summary = run.metrics["acc"]
        assert (summary.last, summary.last_step, summary.min, summary.max, summary.count) == (0.9, 1, 0.5, 0.9, 2)
        assert math.isnan(stores.runs.search(RunQuery(where=Compare("name", "=", "c"))).items[0].metrics["acc"].last)

    def test_the_bin_is_searched_apart(self, stores: Stores, found: Any) -> None:
        ids_ = {run.name: run.id for run in stores.runs.search(RunQuery()).items}
        stores.runs.set_deleted([ids_["b"], ids_["d"]], at_ms=9)
        assert found() == "eca"
        assert found(deleted=True) == "db"
        assert sorted(found(deleted=None)) == sorted(found() + found(deleted=True))
        assert found(Compare("params.lr", "=", 0.01), deleted=True) == "b"

    @pytest.mark.parametrize(
        "wrong",
        [
            Compare("parms.lr", "=", 1),
            Compare("params.", "=", 1),
            Compare("metrics.acc", "=", "high"),
            Compare("metrics.acc", "like", "1%"),
            Compare("metrics.acc", "in", 1),
            Compare("name", "=", ["a"]),
            Compare("name", "=", None),
            Compare("name", "like", "x\\"),
            Compare("summary.acc.median", "=", 1),
            Compare("environment", "=", "x"),
        ],
    )
    def test_a_search_that_makes_no_sense_is_refused(self, stores: Stores, wrong: Compare) -> None:
        with pytest.raises(InvalidSearch):
            stores.runs.search(RunQuery(where=And([Compare("name", "=", "a"), wrong])))
        with pytest.raises(InvalidSearch):
            stores.runs.search(RunQuery(order=[Order("nothing")]))
