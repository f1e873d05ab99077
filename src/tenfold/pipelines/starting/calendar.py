"""When a schedule is due: cron expressions in a time zone, and intervals. Pure; moments are UTC milliseconds.

Clock changes: where the hour is named (`30 2 * * *`) a job runs once each local day; a time that the clocks skip is run
that much later, one that comes twice is run the first time. Where the hour is not named (`0 * * * *`, `*/15 * * * *`) it
runs each real hour. (The rule of Vixie's cron, cron(8).)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tenfold.base.errors import Invalid

MACROS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
HORIZON_DAYS = 366 * 9
"""Beyond this a day that never comes (30 February) is given up; 29 February is at most eight years away."""
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


class Cron(msgspec.Struct, frozen=True):
    """A cron expression: five fields, or a macro such as `@daily`. `L` as the day of the month is its last day."""

    text: str
    zone: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    every_hour: bool
    last_day: bool
    either_day: bool
    """Both kinds of day are restricted: then one of them is enough."""

    def after(self, at_ms: int) -> Iterator[int]:
        """The moments after this one, in order, without end unless no such day comes."""
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(at_ms / 1000, zone).date() - timedelta(days=1)
        last = at_ms
        barren = 0
        while barren < HORIZON_DAYS:
            barren += 1
            if self._matches(day):
                for moment in self._moments(day, zone):
                    if moment > last:
                        yield moment
                        last, barren = moment, 0
            if day == date.max:
                return
            day += timedelta(days=1)

    def before(self, at_ms: int) -> int | None:
        """The last moment before this one; None when there is none within nine years."""
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(at_ms / 1000, zone).date() + timedelta(days=1)
        for _ in range(HORIZON_DAYS):
            if self._matches(day):
                earlier = [moment for moment in self._moments(day, zone) if moment < at_ms]
                if earlier:
                    return earlier[-1]
            if day == date.min:
                return None
            day -= timedelta(days=1)
        return None

    def _matches(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_month = day.day in self.days or (self.last_day and (day + timedelta(days=1)).day == 1)
        by_week = day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week

    def _moments(self, day: date, zone: ZoneInfo) -> list[int]:
        found: set[int] = set()
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                utc = local.astimezone(UTC)
                exists = utc.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
                if exists or not self.every_hour:
                    found.add(_ms(utc))
                if exists and self.every_hour:
                    found.add(_ms(local.replace(fold=1).astimezone(UTC)))
        return sorted(found)


class Every(msgspec.Struct, frozen=True):
    """An interval of real time, counted from an anchor."""

    seconds: int
    anchor_ms: int = 0

    def after(self, at_ms: int) -> Iterator[int]:
        """The moments after this one, in order, without end."""
        step = self.seconds * 1000
        moment = self.anchor_ms + ((at_ms - self.anchor_ms) // step + 1) * step
        while True:
            yield moment
            moment += step

    def before(self, at_ms: int) -> int | None:
        """The last moment before this one."""
        step = self.seconds * 1000
        return self.anchor_ms + ((at_ms - self.anchor_ms - 1) // step) * step


Rhythm = Cron | Every


def between(rhythm: Rhythm, first_ms: int, last_ms: int) -> Iterator[int]:
    """The moments from `first_ms` to `last_ms`, both included."""
    return takewhile(lambda moment: moment <= last_ms, rhythm.after(first_ms - 1))


def parse_cron(text: str, zone: str = "UTC") -> Cron:
    """Read a cron expression.

    >>> parse_cron("0 6 * * mon-fri", "Europe/Zurich").hours
    (6,)

    Raises:
        Invalid: Names the field that cannot be read, or the time zone that is not known.
    """
    check_zone(zone)
    fields = MACROS.get(text.strip().lower(), text).split()
    if len(fields) != len(FIELDS):
        raise Invalid(
            f"The cron expression {text!r} has {len(fields)} fields, not 5: minute, hour, day of the month, month, day of "
            f"the week, like '0 6 * * mon-fri'; or one of {', '.join(MACROS)}",
            field="cron",
        )
    last_day = fields[2].lower() == "l"
    names = ((), (), (), MONTHS, WEEKDAYS)
    values = [
        _values("1" if last_day and index == 2 else field, what, low, high, names[index], text)
        for index, (field, (what, low, high)) in enumerate(zip(fields, FIELDS, strict=True))
    ]
    cron = Cron(
        text=text,
        zone=zone,
        minutes=tuple(sorted(values[0])),
        hours=tuple(sorted(values[1])),
        days=frozenset() if last_day else frozenset(values[2]),
        months=frozenset(values[3]),
        weekdays=frozenset(day % 7 for day in values[4]),
        every_hour=fields[1].startswith("*") or len(values[1]) == 24,
        last_day=last_day,
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )
    if next(cron.after(0), None) is None:
        raise Invalid(f"The day of the cron expression {text!r} never comes. Correct its day or month", field="cron")
    return cron


def parse_every(text: str, anchor_ms: int = 0) -> Every:
    """Read an interval like '90s', '15m', '6h', '1d' or '1h30m'. Raises Invalid."""
    parts = re.findall(r"(\d+)\s*([smhdw])", text.lower())
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != re.sub(r"\s", "", text.lower()):
        raise Invalid(f"{text!r} is no interval. Write it like 90s, 15m, 6h, 1d or 1h30m", field="every")
    seconds = sum(int(number) * UNITS_S[unit] for number, unit in parts)
    if seconds < 1:
        raise Invalid("An interval is a second at least. Write it like 15m", field="every")
    return Every(seconds, anchor_ms)


def is_cron(text: str) -> bool:
    """True for what is written as a cron expression, and not as an interval."""
    return text.startswith("@") or len(text.split()) == len(FIELDS)


def check_zone(zone: str) -> str:
    """The name of a time zone of the IANA database, when there is such a one. Raises Invalid."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"There is no time zone {zone!r}. Write it like Europe/Zurich or UTC", field="timezone") from None
    return zone


def _values(field: str, what: str, low: int, high: int, names: tuple[str, ...], text: str) -> set[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        read = _PART.fullmatch(part)
        first = None if read is None else low if read["first"] == "*" else _number(read["first"], names, low)
        if read is None or first is None:
            raise _unreadable(part, what, text)
        step = int(read["step"] or 1)
        last: int | None = first
        if read["last"]:
            last = _number(read["last"], names, low)
        elif read["first"] == "*" or read["step"]:
            last = min(high, 6) if what == "day of the week" else high
        if last is None or step < 1 or not low <= first <= high or not first <= last <= high:
            raise _unreadable(part, what, text, low, high)
        found |= set(range(first, last + 1, step))
    return found


def _number(text: str, names: tuple[str, ...], low: int) -> int | None:
    if text.isdecimal():
        return int(text)
    return names.index(text[:3]) + low if text[:3] in names and text.isalpha() else None


def _unreadable(part: str, what: str, text: str, low: int | None = None, high: int | None = None) -> Invalid:
    limits = "" if low is None else f": it goes from {low} to {high}"
    return Invalid(f"{part!r} is no {what}{limits}. The cron expression is {text!r}", field="cron")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
