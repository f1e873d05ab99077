"""From raw tables to what the model sees: only what is known some hours before departure."""

from __future__ import annotations

import polars as pl

CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = [
    "hour", "minute", "weekday", "distance", "seats", "plane_age",
    "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib",
]  # fmt: skip
FEATURES = CATEGORIES + NUMBERS
LABEL = "late"
LATE_MINUTES = 15


def build(flights: pl.DataFrame, weather: pl.DataFrame, planes: pl.DataFrame) -> pl.DataFrame:
    """One row a flight that arrived, in the order of departure: month, FEATURES and LABEL (1: over 15 minutes late)."""
    sky = weather.select("origin", "time_hour", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")
    return (
        flights.filter(pl.col("arr_delay").is_not_null())
        .join(sky.unique(["origin", "time_hour"]), on=["origin", "time_hour"], how="left")
        .join(planes.select("tailnum", "built", "seats"), on="tailnum", how="left")
        .with_columns(
            pl.format("{}-{}", "year", pl.col("month").cast(pl.String).str.zfill(2)).alias("month"),
            pl.date("year", "month", "day").dt.weekday().alias("weekday"),
            (pl.col("year") - pl.col("built")).alias("plane_age"),
            (pl.col("arr_delay") > LATE_MINUTES).cast(pl.Int64).alias(LABEL),
        )
        .sort("time_hour", "sched_dep_time", "carrier", "flight", "origin")
        .select("month", *CATEGORIES, *(pl.col(name).cast(pl.Float64) for name in NUMBERS), LABEL)
    )
