"""The search language: what it means, and where it says a text is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base.errors import InvalidSearch
from tenfold.records import And, Compare, Not, Or, Order
from tenfold.records.search import Expression
from tenfold.tracking import parse_order, parse_search

C = Compare


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("metrics.acc > 0.9", C("metrics.acc", ">", 0.9)),
        ("metric.acc>=-1e-3", C("metrics.acc", ">=", -0.001)),
        ("params.optimizer = 'adam'", C("params.optimizer", "=", "adam")),
        ('parameters."a b" != "x"', C("params.a b", "!=", "x")),
        ("metrics.`val loss` < 3", C("metrics.val loss", "<", 3)),
        ("metrics.train/loss <> 1", C("metrics.train/loss", "!=", 1)),
        ("params.model.depth == 3", C("params.model.depth", "=", 3)),
        ("tags.mlflow.user = 'me'", C("tags.mlflow.user", "=", "me")),
        ("attributes.status = 'FINISHED'", C("state", "=", "finished")),
        ("status = running", C("state", "=", "running")),
        ("run_id IN ('a', 'b')", C("id", "in", ["a", "b"])),
        ("attributes.run_id not in ('a')", C("id", "not in", ["a"])),
        ("params.lr IS NULL", C("params.lr", "is null")),
        ("tags.`x` is not null", C("tags.x", "is not null")),
        ("name LIKE 'res%'", C("name", "like", "res%")),
        ("attributes.run_name ilike '%A'", C("name", "ilike", "%A")),
        ("name NOT LIKE 'x'", Not(C("name", "like", "x"))),
        ("max(metrics.acc) > 1", C("summary.acc.max", ">", 1)),
        ("params.flag = true", C("params.flag", "=", True)),
        ("params.q = 'it''s' ", C("params.q", "=", "it's")),
        ("duration > '2h'", C("duration_ms", ">", 7_200_000)),
        ("started >= '2026-03-01'", C("started_at_ms", ">=", 1_772_323_200_000)),
        ("start_time > 12", C("started_at_ms", ">", 12)),
        ("resnet", C("name", "ilike", "%resnet%")),
        ("'50%_x'", C("name", "ilike", "%50\\%\\_x%")),
        ("a AND b", And([C("name", "ilike", "%a%"), C("name", "ilike", "%b%")])),
    ],
)
def test_one_comparison(text: str, meant: Expression) -> None:
    assert parse_search(text) == meant


def test_and_binds_closer_than_or_and_not_closest() -> None:
    a, b, c = C("id", "=", "a"), C("id", "=", "b"), C("id", "=", "c")
    assert parse_search("id='a' OR id='b' AND NOT id='c'") == Or([a, And([b, Not(c)])])
    assert parse_search("(id='a' or id='b') and not (id='c')") == And([Or([a, b]), Not(c)])


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_search_is_none(text: str) -> None:
    assert parse_search(text) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("metrics.acc >", 13),
        ("metrics.acc > 0.9 metrics.b > 1", 18),
        ("metrics.acc 0.9", 12),
        ("(metrics.acc > 0.9", 18),
        ("nothing = 3", 0),
        ("params.a = 'open", 11),
        ("id IN ('a' 'b')", 11),
        ("id IN ()", 7),
        ("metrics.acc > 'high'", 0),
        ("metrics.acc LIKE 'x'", 0),
        ("max(params.a) > 1", 0),
        ("name NOT = 3", 9),
        ("started > 'yesterday'", 10),
        ("duration > '3 weeks'", 11),
        ("a AND", 5),
        ("(" * 500, 100),
    ],
)
def test_a_wrong_search_says_where(text: str, position: int) -> None:
    with pytest.raises(InvalidSearch) as raised:
        parse_search(text)
    assert raised.value.position == position
    assert raised.value.field == "where"


@given(st.text(alphabet="ab.'\"`()<>=!,% \\ANDORINTLKES01-_/µ", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_search(text)
    except InvalidSearch as error:
        assert 0 <= error.position <= len(text)


def test_order() -> None:
    assert parse_order("metrics.acc DESC, start_time asc, `run name`") == [
        Order("metrics.acc", True),
        Order("started_at_ms"),
        Order("name"),
    ]
    assert parse_order("") == []
    with pytest.raises(InvalidSearch):
        parse_order("metrics.acc DESC name")
