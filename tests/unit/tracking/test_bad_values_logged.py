"""Bad input through the native client: the item is named, nothing of the rest is lost, the training goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenfold.base.errors import InvalidAddress
from tenfold.contracts import Stores
from tenfold.testing.stores import sqlite_stores
from tenfold.tracking import ActiveRun, start


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return sqlite_stores(tmp_path / "store")


@pytest.fixture
def run(stores: Stores, tmp_path: Path) -> Iterator[ActiveRun]:
    begun = start(stores, tmp_path / "journals", "p", capture=False)
    yield begun
    begun.finish()


BAD: dict[str, tuple[Callable[[ActiveRun], Any], str]] = {
    "a key that is NaN": (lambda run: run.log({float("nan"): 1.0, "good": 1.0}), "not nan"),  # type: ignore[dict-item]
    "a key that is too long": (lambda run: run.log({"k" * 251: 1.0, "good": 1.0}), "250"),
    "a key that leaves its section": (lambda run: run.log({"../x": 1.0, "a": {"..": 2.0}, "good": 1.0}), "'../x' has '..'"),
    "a value that is no number": (lambda run: run.log({"text": "abc", "good": 1.0, "none": None}), "'text' is no number"),
    "a nested value that is no number": (lambda run: run.log({"a": {"b": []}, "good": 1.0}), "'a/b' is no number"),
    "a step of 2**70": (lambda run: (run.log({"big": 1.0}, step=2**70), run.log({"good": 1.0})), "'big' is no whole number of 64 bits"),
    "metrics that are no mapping": (lambda run: (run.log(3), run.log({"good": 1.0})), "mapping of keys to numbers"),  # type: ignore[arg-type]
    "a param of 10 MB": (lambda run: (run.set_params({"huge": "x" * 10_000_000, "fine": 1}), run.log({"good": 1.0})), "'huge' has 10,000,002 bytes"),
    "a param whose key is too long": (lambda run: (run.set_params({"k" * 300: 1, "fine": 1}), run.log({"good": 1.0})), "has 300 characters"),
    "a tag of 10 MB": (lambda run: (run.tag({"huge": "x" * 10_000_000, "ok": "y"}), run.log({"good": 1.0})), "'huge' has 10,000,002 bytes"),
    "a file that is not there": (lambda run: (run.log_file("f", "/no/such/file"), run.log({"good": 1.0})), "'f' was not kept"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_the_item_is_named_and_the_rest_is_kept(
    run: ActiveRun, stores: Stores, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    give, said = BAD[bad]
    give(run)
    give(run)
    run.finish()
    told = [record.getMessage() for record in caplog.records if said in record.getMessage()]
    assert len(told) == 1, "said once"
    assert len(told[0]) < 500
    kept = stores.runs.get([run.id])[0]
    assert (kept.state, set(kept.metrics), kept.metrics["good"].count) == ("finished", {"good"}, 2)
    assert kept.params in ({}, {"fine": 1}) and kept.tags in ({}, {"ok": "y"})
    assert ("param" in bad) == bool(kept.params) and ("tag" in bad) == bool(kept.tags)


@pytest.mark.parametrize("path", ["../out.txt", "/etc/passwd", "a/../../b", "", "a//b", "a\\..\\b"])
def test_a_path_that_leaves_the_run_is_refused(run: ActiveRun, stores: Stores, path: str) -> None:
    with pytest.raises(InvalidAddress, match="not a plain relative path"):
        run.save({path: b"x", "good.txt": b"y"}, "kept")
    assert stores.versions.search("data", "kept") == []


def test_a_key_of_media_that_looks_like_a_path_stays_in_the_run(run: ActiveRun, stores: Stores, tmp_path: Path) -> None:
    before = set(tmp_path.parent.iterdir())
    version = run.log_text("../../up", "x")
    run.finish()
    assert version is not None and version.run_id == run.id and version.metadata["key"] == "../../up"
    assert set(tmp_path.parent.iterdir()) == before
