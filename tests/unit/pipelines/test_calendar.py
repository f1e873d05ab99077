from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base.errors import Invalid
from tenfold.pipelines.starting.calendar import Every, between, parse_cron, parse_every

ZURICH = ZoneInfo("Europe/Zurich")


def ms(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def local(moments: list[int], zone: str = "Europe/Zurich") -> list[str]:
    return [datetime.fromtimestamp(m / 1000, ZoneInfo(zone)).strftime("%d %H:%M%z") for m in moments]


def test_a_daily_job_runs_once_on_the_day_the_clocks_go_forward_even_at_a_time_they_skip() -> None:
    found = list(islice(parse_cron("30 2 * * *", "Europe/Zurich").after(ms("2026-03-28T00:00")), 3))
    assert local(found) == ["28 02:30+0100", "29 03:30+0200", "30 02:30+0200"]


def test_a_daily_job_runs_once_on_the_day_a_time_comes_twice() -> None:
    found = list(islice(parse_cron("30 2 * * *", "Europe/Zurich").after(ms("2026-10-24T00:00")), 3))
    assert local(found) == ["24 02:30+0200", "25 02:30+0200", "26 02:30+0100"]


@pytest.mark.parametrize("text", ["0 * * * *", "*/20 * * * *", "@hourly"])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_job_of_every_hour_runs_each_real_hour(text: str, day: str) -> None:
    moments = list(between(parse_cron(text, "Europe/Zurich"), ms(day) - 7_200_000, ms(day) + 100_000_000))
    gaps = {b - a for a, b in pairwise(moments)}
    assert gaps == {1_200_000 if "20" in text else 3_600_000}


@given(
    st.integers(ms("1999-01-01T00:00"), ms("2030-01-01T00:00")),
    st.sampled_from(["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    st.integers(0, 23), st.integers(0, 59),
)  # fmt: skip
def test_a_daily_job_runs_once_each_local_day(at: int, zone: str, hour: int, minute: int) -> None:
    moments = list(islice(parse_cron(f"{minute} {hour} * * *", zone).after(at), 12))
    days = [datetime.fromtimestamp(m / 1000, ZoneInfo(zone)).date() for m in moments]
    assert all(b - a == timedelta(days=1) for a, b in pairwise(days))


@given(
    st.integers(ms("2020-01-01T00:00"), ms("2030-01-01T00:00")),
    st.sampled_from(["*/7 3-5 * 1,6 *", "5 4 L * *", "0 0 13 * fri"]),
)
def test_before_and_after_agree(at: int, text: str) -> None:
    cron = parse_cron(text, "Europe/Zurich")
    moment = next(cron.after(at))
    assert cron.before(moment + 1) == moment and (cron.before(moment) or 0) <= at < moment


def test_days_of_month_and_week_are_either_or_when_both_are_given() -> None:
    found = list(islice(parse_cron("0 0 13 * fri").after(ms("2026-11-01T00:00")), 4))
    assert local(found, "UTC") == ["06 00:00+0000", "13 00:00+0000", "20 00:00+0000", "27 00:00+0000"]


def test_the_last_day_of_the_month_and_leap_days_come() -> None:
    assert local(list(islice(parse_cron("0 6 L * *").after(ms("2027-02-01T00:00")), 2)), "UTC") == [
        "28 06:00+0000",
        "31 06:00+0000",
    ]
    leap = next(parse_cron("0 0 29 feb *").after(ms("2097-01-01T00:00")))
    assert datetime.fromtimestamp(leap / 1000, UTC).year == 2104


@pytest.mark.parametrize(
    ("text", "says"),
    [("61 * * * *", "'61' is no minute"), ("* * *", "3 fields"), ("0 0 30 2 *", "never comes"), ("0 x * * *", "'x' is no hour"),
     ("0 5-3 * * *", "'5-3' is no hour"), ("0 0 * * 8", "'8' is no day of the week"), ("*/0 * * * *", "is no minute")],
)  # fmt: skip
def test_what_cannot_be_read_is_named(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse_cron(text)


def test_an_unknown_time_zone_is_named() -> None:
    with pytest.raises(Invalid, match="no time zone 'Zurich/Europe'"):
        parse_cron("@daily", "Zurich/Europe")


def test_names_and_sunday_twice_are_read() -> None:
    assert parse_cron("0 0 * * 7").weekdays == parse_cron("0 0 * * sun").weekdays == {0}
    assert parse_cron("0 0 * jan-mar monday").months == {1, 2, 3}


@given(st.integers(1, 10**6), st.integers(0, 10**13), st.integers(0, 10**13))
def test_intervals_are_counted_from_their_anchor(seconds: int, anchor: int, at: int) -> None:
    every = Every(seconds, anchor)
    first, second = islice(every.after(at), 2)
    assert first > at >= first - seconds * 1000 and (first - anchor) % (seconds * 1000) == 0
    assert second - first == seconds * 1000 and every.before(second) == first


def test_intervals_are_read_with_units() -> None:
    assert parse_every("1h30m").seconds == 5400
    for wrong in ("", "15", "0m", "5 parsecs", "1h x"):
        with pytest.raises(Invalid):
            parse_every(wrong)
