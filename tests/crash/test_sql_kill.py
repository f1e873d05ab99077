"""kill -9 of a writing process at random instants: what it said is stored, is; nothing is torn; others carry on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sql_checks import check_told, check_whole

from tenfold.stores.sql import open_sql

WRITER = Path(__file__).with_name("sql_writer.py")
ROUNDS = int(os.environ.get("TENFOLD_CRASH_ROUNDS", "3"))


def written_until_killed(url: str, lines: int) -> list[list[str]]:
    """Start a writer and kill it after it told so many lines; gives all that it told."""
    process = subprocess.Popen(
        [sys.executable, str(WRITER), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest, error = process.communicate()
    assert error == ""
    return [line.split() for line in [*told, *rest.splitlines()] if line.strip() != "ready"]


@pytest.mark.crash
def test_a_killed_writer_leaves_all_that_it_told_and_nothing_by_halves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    chance = random.Random()
    for _ in range(ROUNDS):
        told = written_until_killed(url, chance.randrange(1, 150))
        sql = open_sql(url)
        check_told(sql, told)
        check_whole(sql)
        sql.database.close()


@pytest.mark.crash
def test_a_killed_writer_does_not_hold_up_the_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tenfold.db'}"
    open_sql(url).database.close()
    command = [sys.executable, str(WRITER), url]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE)
    other = subprocess.Popen([*command, "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    assert other.stdout is not None
    for _ in range(40):
        victim.stdout.readline()
    victim.kill()
    victim.communicate()
    out, error = other.communicate(timeout=60)
    assert (other.returncode, error, out.count("finished")) == (0, "", 60)
    sql = open_sql(url)
    check_whole(sql)
    sql.database.close()
