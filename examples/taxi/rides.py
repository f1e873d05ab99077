"""Taxi rides like Chicago's, made up: `python rides.py` writes rides.csv."""

from __future__ import annotations

import csv
import math
import random
import sys

COMPANIES = ["Flash Cab", "Blue Star", "Chicago Elite", "Top Cab", "Medallion", "Dispatch", "Nova", "Checker"]
COLUMNS = ["trip_miles", "trip_seconds", "fare", "trip_start_hour", "company", "payment_type", "tipped"]


def ride(dice: random.Random) -> list[object]:
    """One ride; `tipped` is 1 where the tip was more than a fifth of the fare."""
    miles = round(dice.lognormvariate(1, 0.8), 2)
    seconds = round(miles * dice.uniform(120, 300) + 60)
    hour, company = dice.randrange(24), dice.choices(COMPANIES, weights=range(8, 0, -1))[0]
    fare = round(3.25 + 2.25 * miles + seconds / 36 * 0.2, 2)
    card = dice.random() < 0.6
    liking = -2.2 + 2.4 * card + 0.5 * math.log1p(fare) - 0.9 * (hour < 6) + 0.5 * (company == "Blue Star")
    tipped = dice.random() < 1 / (1 + math.exp(-liking))
    known = "" if dice.random() < 0.03 else company
    return [miles, seconds, fare, hour, known, "Credit Card" if card else "Cash", int(tipped)]


def write(path: str, rows: int = 6000, seed: int = 7) -> None:
    """A CSV file of so many rides."""
    dice = random.Random(seed)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([COLUMNS, *(ride(dice) for _ in range(rows))])


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else "rides.csv")
