"""Aliases that need approval: who asked, who answered with which words, and who went past it and why."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import tenfold.models as models
from tenfold.base.errors import AlreadyExists, CheckFailed, Invalid, StateConflict, VersionNotFound
from tenfold.contracts import Stores
from tenfold.testing.stores import memory_stores, sqlite_stores

X = np.arange(20.0).reshape(10, 2)


@pytest.fixture
def stores() -> Stores:
    stores = memory_stores()
    for column in (0, 1):
        models.save(stores, LinearRegression().fit(X, X[:, column]), "delay")
    return stores


@pytest.fixture
def delay(stores: Stores) -> models.Registered:
    found = models.Registered(stores, "delay")
    found.require_approval(["champion"])
    return found


def test_an_alias_that_needs_approval_waits_for_a_yes(delay: models.Registered) -> None:
    with pytest.raises(CheckFailed, match="tenfold models request delay champion 2"):
        delay.set_alias("champion", 2)
    asked = delay.request("champion", 2, who="ada", comment="better on the holdout")
    assert (asked.number, asked.state, asked.by) == (1, "open", "ada")
    said = delay.approve(1, who="bob", comment="looks right")
    assert (said.state, said.answered_by, said.answer) == ("approved", "bob", "looks right")
    assert delay.aliases()["champion"].number == 2
    move = delay.history("champion")[0]
    assert (move.who, move.why) == ("bob", "looks right (request 1, approved by bob)")
    assert delay.requests() == [said]
    delay.set_alias("challenger", 1)


def test_a_no_keeps_its_reason_and_moves_nothing(delay: models.Registered) -> None:
    delay.request("champion", 1, who="ada")
    with pytest.raises(Invalid, match="says why"):
        delay.reject(1, who="bob", comment=" ")
    said = delay.reject(1, who="bob", comment="leaks the label")
    assert (said.state, said.answer) == ("rejected", "leaks the label")
    with pytest.raises(CheckFailed):
        delay.set_alias("champion", 1)
    with pytest.raises(StateConflict, match="rejected by bob"):
        delay.approve(1, who="ada")
    assert delay.aliases() == {}
    assert delay.request("champion", 1, who="ada", comment="without the label").number == 2
    assert [one.number for one in delay.requests(state="open")] == [2]


def test_moving_past_a_missing_approval_keeps_the_reason(delay: models.Registered) -> None:
    delay.set_alias("champion", 2, who="ada", why="hotfix", force_reason="everyone is on holiday")
    assert delay.history("champion")[0].why == "hotfix (forced: everyone is on holiday)"


def test_an_approval_is_for_one_version_and_one_alias(delay: models.Registered) -> None:
    delay.require_approval(["champion", "Production"])
    delay.request("champion", 2, who="ada")
    assert delay.approve(1, who="bob", move=False).state == "approved"
    assert delay.aliases() == {}
    for alias, version in (("champion", 1), ("Production", 2)):
        with pytest.raises(CheckFailed, match="needs approval"):
            delay.set_alias(alias, version)
    delay.set_alias("champion", 2)
    delay.require_approval([])
    delay.set_alias("Production", 2)


def test_the_same_is_not_asked_twice(delay: models.Registered) -> None:
    delay.request("champion", 2, who="ada")
    with pytest.raises(AlreadyExists, match="tenfold models approve delay 1"):
        delay.request("champion", 2, who="cleo")
    with pytest.raises(VersionNotFound, match="no request 7"):
        delay.approve(7)
    with pytest.raises(VersionNotFound):
        delay.request("champion", 9)


def test_of_two_answers_at_once_one_stands(tmp_path) -> None:
    stores = sqlite_stores(tmp_path)
    models.save(stores, LinearRegression().fit(X, X[:, 0]), "delay")
    delay = models.Registered(stores, "delay")
    delay.request("champion", 1, who="ada")
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def answer(who: str) -> None:
        start.wait()
        try:
            outcomes.append(delay.approve(1, who=who, move=False).answered_by)
        except StateConflict:
            outcomes.append("late")

    threads = [threading.Thread(target=answer, args=(f"judge {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("late") == 3
    assert delay.requests()[0].answered_by in outcomes
    stores.runs._db.close()  # type: ignore[attr-defined]


def test_words_and_tags_of_the_whole_are_those_that_mlflow_shows(delay: models.Registered) -> None:
    delay.describe("Minutes late at arrival", tags={"team": "ops", "old": "x"})
    delay.describe(tags={"old": None})
    assert (delay.description, delay.tags) == ("Minutes late at arrival", {"team": "ops"})
    assert delay.needs_approval() == ["champion"]
    version = delay.describe("the second", version=2, tags={"checked": "yes"})
    assert (version.description, version.tags["checked"]) == ("the second", "yes")
    record = delay.stores.versions.find("registered-model", "delay")
    assert record is not None
    assert record.description == "Minutes late at arrival"
    with pytest.raises(VersionNotFound):
        models.Registered(delay.stores, "nobody").describe("?")
