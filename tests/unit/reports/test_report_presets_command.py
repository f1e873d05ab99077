"""Every preset of `tenfold monitor report`, on files of its task, with nothing set up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from tenfold.base.errors import Invalid
from tenfold.cli.app import cli


def _tables(shift: float, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    rows = 240
    truth = (random.random(rows) < 0.4).astype(int)
    where = np.repeat([0.0, 5.0], rows // 2) + random.normal(0, 0.3, rows)
    sales = 100 + 10 * np.arange(rows) % 7 + random.normal(0, 1, rows)
    made: dict[str, Any] = {
        "late": truth, "early": 1 - truth, "p": np.clip(0.3 * truth + random.random(rows) * 0.7, 0, 1),
        "said_late": (truth + (random.random(rows) < 0.1)) % 2, "said_early": (1 - truth + (random.random(rows) < 0.1)) % 2,
        "sales": sales, "foretold": sales + random.normal(shift, 1, rows), "low": sales - 2, "high": sales + 2,
        "shop": np.array(["a", "b"])[np.arange(rows) % 2], "x": where, "y": random.normal(0, 1, rows),
        "cluster": np.where(where > 2.5, "far", "near"), "truth": np.repeat(["near", "far"], rows // 2),
        "user_id": np.repeat(np.arange(rows // 8), 8), "item_id": np.tile(np.arange(8), rows // 8) + np.repeat(np.arange(rows // 8), 8) % 3,
        "wanted": [f"The gate of flight {i} is {i % 9}." for i in range(rows)],
        "answer": [f"Flight {i}: gate {i % 9 if i % 3 else 'unknown'}, sorry." for i in range(rows)],
    }  # fmt: skip
    return pl.DataFrame(made)


ASKED = {
    "regression": ("--target sales --prediction foretold", ["MAE(", "R2Score("]),
    "classification": ("--target late --score p", ["RocAuc(", "F1ByLabel("]),
    "forecasting": ("--target sales --prediction foretold --series shop --lower low --upper high --train before.csv", ["mase", "smape", "coverage"]),
    "clustering": ("--target truth --prediction cluster --feature x --feature y", ["silhouette", "adjusted_rand"]),
    "multilabel": ("--target late --target early --prediction said_late --prediction said_early", ["hamming_loss", "f1_micro"]),
    "recommendation": ("--target late --score p --k 3 --train before.csv --feature x --feature y", ["NDCG(k=3", "Serendipity(", "Novelty("]),
    "text": ("--target wanted --prediction answer --column answer", ["bleu", "rouge_l", "column=WordCount of answer"]),
    "target": ("--target sales", ["ValueDrift(column=sales"]),
    "quality": ("--column x", ["MissingValueCount(column=x)"]),
    "summary": ("", ["MeanValue(column=sales)"]),
    "drift": ("", ["DriftedColumnsCount("]),
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    _tables(0.0, 1).write_csv("before.csv")
    _tables(0.5, 2).write_csv("after.csv")
    return tmp_path


@pytest.mark.parametrize("preset", ASKED)
def test_every_preset_says_its_figures_on_the_command_line(here: Path, preset: str) -> None:
    from tenfold.cli.report_tasks import PRESETS

    assert set(PRESETS) == set(ASKED)
    options, figures = ASKED[preset]
    line = f"monitor report --current after.csv --reference before.csv --preset {preset} {options} --fail-on never"
    done = CliRunner().invoke(cli, [*line.split(), "--json", "--html", "report.html"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    names = [metric["metric_name"] for metric in found["metrics"]]
    for figure in figures:
        assert any(figure in name for name in names), (figure, names)
    assert not [metric for metric in found["metrics"] if metric.get("reason")]
    assert "<html" in Path("report.html").read_text()
    assert CliRunner().invoke(cli, [*line.split(), "--tests"]).exit_code == 0


def test_a_preset_without_its_columns_says_which_option_is_missing(here: Path) -> None:
    for line, said in (
        ("--preset forecasting --target sales", "needs --target and --prediction"),
        ("--preset clustering --feature x", "--prediction is missing"),
        ("--preset regression --target sales --target late --prediction p", "--target was given 2 times"),
        ("--preset multilabel --target late --target early --prediction p", "as many columns"),
        ("--preset forecasting --target sales --prediction foretold --lower low", "two columns: lower and upper"),
        ("--preset recommendation --target late --score p --user nobody", "'nobody'"),
    ):
        done = CliRunner().invoke(cli, f"monitor report --current after.csv {line}".split())
        assert isinstance(done.exception, Invalid) and said in str(done.exception), (line, done.exception)
