"""A query on a real PostgreSQL has the profile of its rows, and cannot write."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from sqlalchemy import create_engine, text

from tenfold.base.errors import Invalid
from tenfold.profiles import Query, profile

MAKE = """
create schema shop;
create sequence shop.numbers;
create table shop.orders (n bigint, x double precision, price numeric(10, 2), s text, b boolean, at timestamptz, day date, tags int[]);
insert into shop.orders select i, case when i % 10 = 0 then null when i = 7 then 'infinity' else i / 4.0 end, i / 100.0,
    'c' || i % 3, i % 2 = 0, timestamptz '2024-01-01 00:00+02' + i * interval '1 hour', date '2024-01-01' + i, array[i, i + 1]
from generate_series(1, 3000) i
"""


def test_a_query_on_postgres_has_the_profile_of_its_rows_and_writes_nothing(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    try:
        with engine.begin() as connection:
            connection.execute(text(MAKE))
        numbers = range(1, 3001)
        expected = profile(
            pl.DataFrame(
                {
                    "n": numbers,
                    "x": [None if i % 10 == 0 else float("inf") if i == 7 else i / 4 for i in numbers],
                    "s": [f"c{i % 3}" for i in numbers],
                    "b": [i % 2 == 0 for i in numbers],
                    "at": [dt.datetime(2023, 12, 31, 22, tzinfo=dt.UTC) + dt.timedelta(hours=i) for i in numbers],
                    "day": [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in numbers],
                    "tags": [[i, i + 1] for i in numbers],
                }
            ),
            batch_rows=700,
        )
        asked = "select n, x, s, b, at, day, tags from shop.orders order by n"
        assert profile(Query(postgres_url, asked), batch_rows=700) == expected
        price = profile(Query(postgres_url, "select price from shop.orders")).columns["price"]
        assert (price.type, price.min, price.max) == ("float", 0.01, 30.0)
        for writing in (
            "delete from shop.orders returning n",
            "drop table shop.orders",
            "select nextval('shop.numbers')",
        ):
            with pytest.raises(Invalid, match="refuses"):
                profile(Query(postgres_url, writing))
        assert profile(Query(postgres_url, asked)).rows == 3000
        with pytest.raises(Invalid, match="nope"):
            profile(Query(postgres_url, "select nope from shop.orders"))
    finally:
        with engine.begin() as connection:
            connection.execute(text("drop schema if exists shop cascade"))
        engine.dispose()
