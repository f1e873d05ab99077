from __future__ import annotations

from typing import Any

import pytest

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.templates import fill, item_of, items_of

LISTS: list[dict[str, Any]] = [
    {"c": [1, None, [2]]},
    {"c": {"$": "tuple", "v": [4, 5]}, "t": "tree"},
    {"c": {"$": "range", "v": [0, 6, 2]}},
    {"l": [{"c": 1}, {"c": 2, "t": "tree"}]},
    {"tu": [{"c": 9}]},
]


@pytest.mark.parametrize("given", LISTS)
def test_an_item_asked_for_alone_is_that_of_the_whole_list(given: dict[str, Any]) -> None:
    whole = items_of(given, what="w")
    assert [item_of(given, index, what="w") for index in range(len(whole))] == whole
    assert [fill({"e": ["w", None, index]}, lambda key, output: given) for index in range(len(whole))] == whole


def test_what_is_no_list_has_no_items() -> None:
    with pytest.raises(Invalid, match=r"w gave no list, so \.map"):
        item_of({"c": 3}, 0, what="w")


def test_one_item_of_a_large_list_costs_the_same_as_of_a_small_one() -> None:
    """100,000 items asked for one by one: seconds of work were each to make the whole list."""
    given = {"c": list(range(100_000))}
    assert sum(item_of(given, index, what="w")["c"] for index in range(100_000)) == 4_999_950_000
