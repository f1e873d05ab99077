"""Every drift score and flag against the numbers Evidently 0.7.23 gave for the same columns (tests/golden/evidently)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tenfold.monitoring import drift

GOLDEN = Path(__file__).parents[2] / "golden" / "evidently"
SCORES = json.loads((GOLDEN / "scores.json").read_text())


def _cases() -> dict[str, tuple[str, Any, Any]]:
    spec = importlib.util.spec_from_file_location("evidently_columns", GOLDEN / "columns.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cases()


CASES = _cases()


def test_the_golden_numbers_are_those_of_the_cases() -> None:
    assert set(CASES) == set(SCORES)
    assert sum(len(methods) for methods in SCORES.values()) > 500


@pytest.mark.parametrize("case", sorted(SCORES))
def test_scores_methods_and_flags_are_evidentlys(case: str) -> None:
    _, reference, current = CASES[case]
    for asked, expected in SCORES[case].items():
        if "error" in expected:  # Evidently refuses; what we do instead is tested elsewhere
            continue
        [column] = drift({"x": reference}, {"x": current}, methods=None if asked == "default" else asked).columns
        found = (column.method, column.threshold, column.drifted)
        assert found == (expected["method"], expected["threshold"], expected["drifted"]), asked
        if asked == "TVD":  # Evidently sums in the order of a set of strings: draws that tie fall differently each run
            assert column.score == pytest.approx(expected["score"], abs=0.005)
        elif column.score_is == "p-value":
            assert column.score == pytest.approx(expected["score"], rel=1e-6, abs=1e-9), asked
        else:
            assert column.score == pytest.approx(expected["score"], rel=1e-6, abs=1e-12), asked
