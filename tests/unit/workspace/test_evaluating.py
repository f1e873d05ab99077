"""`tenfold evaluate`: from a saved model and a table to a blessing that guards an alias."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression

import tenfold
from tenfold.base.errors import CheckFailed, Invalid
from tenfold.cli.app import cli
from tenfold.workspace import open_workspace, use


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENFOLD_STORE", str(tmp_path / ".tenfold"))
    use(open_workspace())
    random = np.random.default_rng(0)
    rows = pl.DataFrame(
        {
            "hour": random.integers(0, 24, 2000).astype(float),
            "carrier": np.array(["UA", "DL"])[random.integers(0, 2, 2000)],
        }
    )
    late = random.random(2000) < 1 / (1 + np.exp(12 - rows["hour"].to_numpy()))
    rows.with_columns(late=pl.Series(late)).write_parquet("holdout.parquet")
    x = rows.select("hour").to_pandas()
    with tenfold.run("late") as run:
        run.save_model(LogisticRegression().fit(x, late), name="late", input_example=x.head())
        run.save_model(LogisticRegression().fit(x, ~late), name="late", input_example=x.head())
    yield tmp_path


def _evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *arguments], catch_exceptions=False)


def test_a_model_is_judged_blessed_and_guarded(place: Path) -> None:
    (place / "late.yaml").write_text(
        "data: holdout.parquet\ntarget: late\nslices: [carrier]\nbaseline: champion\nfirst_may_pass: true\nbootstrap: 50\n"
        "thresholds:\n  - auc >= 0.8\n  - auc >= baseline - 0.01\n  - {metric: roc_auc, at_least: 0.8, slice: carrier}\n"
    )
    first = _evaluate("model:late@1", "--config", "late.yaml", "--json")
    assert first.exit_code == 0, first.output
    said = json.loads(first.stdout)
    assert said["verdict"]["first"] is True
    assert {part["value"] for part in said["evaluation"]["slices"]} == {"UA", "DL"}
    late = tenfold.model("late")
    late.set_alias("champion", 1)
    with pytest.raises(CheckFailed, match="was not evaluated"):
        late.set_alias("champion", 2)

    second = _evaluate("model:late@2", "--config", "late.yaml")
    assert second.exit_code == 3
    assert "FAIL  roc_auc is" in second.stdout
    assert late.version(2).tags["blessing"] == "failed"
    with pytest.raises(CheckFailed, match="failed its evaluation"):
        late.set_alias("champion", 2)
    late.set_alias("champion", 2, who="ada", force_reason="the holdout was labelled wrongly")
    assert "labelled wrongly" in late.history("champion")[0].why
    kept = tenfold.load_evaluation("evaluation:late@v2")
    assert kept.differences["roc_auc"].value < 0
    roles = {
        edge.role
        for edge in tenfold.current().stores.lineage.of_runs([tenfold.Client().version("evaluation:late@v2").run_id])
    }
    assert roles == {"model", "baseline", "evaluation"}


def test_without_a_baseline_or_a_truth_nothing_passes_in_silence(place: Path) -> None:
    plain = ("model:late@1", "--data", "holdout.parquet", "--target", "late", "--bootstrap", "0")
    assert _evaluate(*plain, "--baseline", "champion", "--threshold", "auc >= baseline").exit_code == 3
    assert _evaluate(*plain, "--threshold", "auc >= 0.5 on carrier").exit_code == 3, "not sliced"
    assert _evaluate(*plain).exit_code == 0, "measured only"
    rows = pl.read_parquet("holdout.parquet")
    rows.with_columns(late=pl.when(pl.int_range(pl.len()) < 100).then(None).otherwise("late")).write_parquet(
        "holes.parquet"
    )
    holed = ("model:late@1", "--data", "holes.parquet", "--target", "late", "--bootstrap", "0", "--dry-run")
    with pytest.raises(Invalid, match="missing in 100 of 2,000"):
        _evaluate(*holed)
    assert "100 of 2,000 rows have no late" in _evaluate(*holed, "--drop-missing").output


def test_a_table_of_predictions_is_judged_beside_another_one(place: Path) -> None:
    rows = pl.read_parquet("holdout.parquet")
    rows.with_columns(p=pl.col("hour") / 24).write_csv("new.csv")
    rows.with_columns(p=pl.lit(0.5)).write_csv("old.csv")
    done = _evaluate(
        "new.csv",
        "--target",
        "late",
        "--score",
        "p",
        "--baseline",
        "old.csv",
        "--threshold",
        "auc >= baseline + 0.2",
        "--slice",
        "where hour > 12",
        "--json",
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["evaluation"]["baseline"]["roc_auc"] == 0.5
    rows.head(5).with_columns(p=pl.lit(0.5)).write_csv("old.csv")
    with pytest.raises(Invalid, match="same truth"):
        _evaluate("new.csv", "--target", "late", "--score", "p", "--baseline", "old.csv")


@pytest.mark.parametrize(
    ("task", "columns", "threshold"),
    [
        ("forecasting", "--target sales --prediction foretold", "mape <= 0.05 on ahead"),
        ("clustering", "--target truth --prediction cluster", "purity >= 0.8 on ahead"),
        ("clustering", "--target truth --prediction cluster", "nmi >= baseline"),
    ],
)
def test_predictions_of_tasks_without_classes_are_judged_by_slices_too(
    place: Path, task: str, columns: str, threshold: str
) -> None:
    random = np.random.default_rng(0)
    sales, place_of = random.normal(100, 5, 400), np.arange(400)
    made = {
        "sales": sales, "foretold": sales + random.normal(0, 1, 400), "ahead": place_of % 4,
        "truth": np.array(["a", "b"])[place_of % 2], "cluster": (place_of + (random.random(400) < 0.1)) % 2,
    }  # fmt: skip
    pl.DataFrame(made).write_csv("said.csv")
    done = _evaluate("said.csv", "--task", task, *columns.split(), "--slice", "ahead", "--threshold", threshold)
    assert done.exit_code == (3 if "baseline" in threshold else 0), done.output
    assert "ahead=3" in done.stdout and f"{task}, 400 rows" in done.stdout


def test_several_labels_a_row_are_judged_from_columns_and_from_lists_as_scikit_learn_does(place: Path) -> None:
    from sklearn.metrics import f1_score, hamming_loss

    random, names = np.random.default_rng(3), ["sea", "city", "wood"]
    true = (random.random((400, 3)) < 0.4).astype(int)
    said = np.where(random.random((400, 3)) < 0.2, 1 - true, true)
    lists = {
        name: pl.Series([[label for label, there in zip(names, row, strict=True) if there] for row in given])
        for name, given in (("labels", true), ("said", said))
    }
    columns = {
        f"{begin}{name}": part[:, at] for begin, part in (("", true), ("p_", said)) for at, name in enumerate(names)
    }
    pl.DataFrame({**columns, **lists}).write_parquet("labels.parquet")
    typed = [word for name in names for word in ("--target", name, "--prediction", f"p_{name}")]
    for arguments in (typed, ["--target", "labels", "--prediction", "said"]):
        found = json.loads(_evaluate("labels.parquet", *arguments, "--bootstrap", "0", "--dry-run", "--json").stdout)
        metrics = found["evaluation"]["metrics"]
        assert found["evaluation"]["task"] == "multilabel"
        assert metrics["f1_micro"] == pytest.approx(f1_score(true, said, average="micro"))
        assert metrics["hamming_loss"] == pytest.approx(hamming_loss(true, said))
    baseline = ["--baseline", "labels.parquet", "--threshold", "f1 >= baseline", "--dry-run"]
    assert _evaluate("labels.parquet", *typed, *baseline).exit_code == 0
    pl.DataFrame({"labels": [["sea"], None], "said": [["sea"], ["city"]]}).write_parquet("gaps.parquet")
    with pytest.raises(Invalid, match="missing in 1 of 2 rows"):
        _evaluate("gaps.parquet", "--target", "labels", "--prediction", "said")
