"""BLEU and chrF held to sacreBLEU's numbers, ROUGE to rouge-score's (scripts/text_parity.py made them)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.evaluation import evaluate
from tenfold.measures.arrays import first_of
from tenfold.measures.text import PER_ROW, texts

CASES: dict[str, Any] = json.loads((Path(__file__).parents[2] / "golden" / "texts.json").read_text("utf-8"))
KINDS = [PER_ROW.index(name) for name in ("rouge_1", "rouge_2", "rouge_l")]


@pytest.mark.parametrize("name", CASES)
def test_texts_are_judged_as_sacrebleu_and_rouge_score_do(name: str) -> None:
    case = CASES[name]
    made = texts(case["references"], case["answers"])
    found = first_of(made.finish(made.sums(np.zeros(made.rows, np.int64), 1)))
    assert found.get("bleu", 0.0) == pytest.approx(case["bleu"], abs=1e-12)
    assert found.get("chrf", 0.0) == pytest.approx(case["chrf"], abs=1e-12)
    ours = made.values[:, KINDS]
    assert ours == pytest.approx(np.array(case["rouge"]), abs=1e-12)


def test_a_whole_evaluation_of_texts_gives_the_same_numbers() -> None:
    case = CASES["drawn 4"]
    found = evaluate([several[0] for several in case["references"]], case["answers"], task="text").metrics
    assert found["bleu"] == pytest.approx(case["bleu"]) and found["chrf"] == pytest.approx(case["chrf"])
    assert found["rouge_l"] == pytest.approx(np.mean([row[2] for row in case["rouge"]]))
