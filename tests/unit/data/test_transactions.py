"""Several datasets committed at once."""

from __future__ import annotations

import pytest

import tenfold
from tenfold.base.errors import Conflict, Invalid, RefMoved, VersionNotFound


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("TENFOLD_CAPTURE", "git")
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    return tenfold.use(str(tmp_path / ".tenfold"))


def test_all_commits_of_a_transaction_are_seen_at_its_end_under_one_id(place) -> None:
    with tenfold.transaction() as both:
        promised = tenfold.dataset("left").commit({"a.csv": b"x\n1\n"})
        tenfold.dataset("right").commit({"b": b"2"})
        with pytest.raises(VersionNotFound):
            tenfold.dataset("left").at()
    assert promised.address == "data:left@v1"
    assert [version.address for version in both.versions] == ["data:left@v1", "data:right@v1"]
    assert {version.tags["commit_set"] for version in both.versions} == {both.id}
    assert place.stores.versions.search("profile")  # its table was profiled, once it was there


def test_none_is_seen_when_the_block_raises(place) -> None:
    with pytest.raises(ZeroDivisionError), tenfold.transaction():
        tenfold.dataset("left").commit({"a": b"1"})
        _ = 1 / 0
    with pytest.raises(VersionNotFound):
        tenfold.dataset("left").at()
    assert tenfold.dataset("left").commit({"a": b"1"}).number == 1


def test_none_is_seen_when_one_branch_moved_meanwhile(place) -> None:
    right = tenfold.dataset("right")
    right.commit({"b": b"0"})
    with pytest.raises(RefMoved), tenfold.transaction():
        tenfold.dataset("left").commit({"a": b"1"})
        right.commit({"b": b"1"})
        _commit_in_another_thread("right")
    with pytest.raises(VersionNotFound):
        tenfold.dataset("left").at()
    assert right.at().number == 2


def _commit_in_another_thread(name: str) -> None:
    import threading

    thread = threading.Thread(target=lambda: tenfold.dataset(name).commit({"b": b"other"}))
    thread.start()
    thread.join()


def test_a_dataset_is_committed_once_in_a_transaction_and_none_is_inside_another(place) -> None:
    with tenfold.transaction():
        tenfold.dataset("left").commit({"a": b"1"})
        with pytest.raises(Conflict, match="in this transaction already"):
            tenfold.dataset("left").commit({"a": b"2"})
        with pytest.raises(Invalid, match="open already"), tenfold.transaction():
            pass
