"""Metrics of 1,000,000 rows over 20 slices, beside scikit-learn computing the same ones slice by slice: CPU seconds, peak memory.

Each job runs in a process of its own on the same seeded arrays; making them is not counted in the seconds, but is in the
peak. TFMA needs TensorFlow and Beam, which this environment does not have: it is not measured.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

ROWS = 1_000_000
SLICES = 20


def lines() -> list[dict[str, Any]]:
    """Rows for the table of budgets."""
    ours, peer, arrays = _run("ours"), _run("sklearn"), _run("arrays")
    drawn, many = _run("intervals"), _run("many")
    shape = f"{ROWS:,} rows x {SLICES} slices"
    return [
        {
            "job": f"14 metrics, {shape}, against scikit-learn", "value": peer["cpu"] / ours["cpu"], "unit": "x less CPU",
            "budget": 5, "better": "higher", "note": f"{ours['cpu']:.2f} beside {peer['cpu']:.2f} CPU s; {ours['metrics']:.0f} metrics in all",
        },
        {
            "job": f"evaluation, {shape}, peak above the arrays", "value": ours["peak_mb"] - arrays["peak_mb"], "unit": "MB",
            "budget": 500, "note": f"scikit-learn: {peer['peak_mb'] - arrays['peak_mb']:.0f} MB",
        },
        {"job": f"evaluation with 200 bootstrap draws, {shape}", "value": drawn["cpu"], "unit": "CPU s", "budget": 20},
        {"job": "evaluation with 200 draws, 100,000 rows x 500 slices", "value": many["cpu"], "unit": "CPU s", "budget": 20},
    ]  # fmt: skip


def _run(job: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, job], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def arrays(rows: int = ROWS, slices: int = SLICES) -> tuple[Any, Any, Any]:
    """Truth, scores with few ties, and slices."""
    import numpy as np

    random = np.random.default_rng(0)
    true = random.random(rows) < 0.3
    score = np.clip(random.beta(2, 3, rows) + 0.25 * true, 0, 1)
    return true, score, random.integers(0, slices, rows)


def ours() -> dict[str, float]:
    """Everything `evaluate` measures without intervals."""
    from tenfold.evaluation import evaluate

    true, score, parts = arrays()
    return _measured(
        lambda: evaluate(true, y_score=score, slices={"part": parts}), count=lambda found: len(found.metrics)
    )


def intervals() -> dict[str, float]:
    """The same with 200 draws of each slice."""
    from tenfold.evaluation import evaluate

    true, score, parts = arrays()
    return _measured(lambda: evaluate(true, y_score=score, slices={"part": parts}, bootstrap=200))


def many() -> dict[str, float]:
    """Fewer rows, many slices."""
    from tenfold.evaluation import evaluate

    true, score, parts = arrays(100_000, 500)
    return _measured(lambda: evaluate(true, y_score=score, slices={"part": parts}, bootstrap=200))


def sklearn() -> dict[str, float]:
    """The metrics both have, overall and slice by slice."""
    from sklearn import metrics as sk

    true, score, parts = arrays()

    def judge(t: Any, s: Any) -> list[float]:
        called = s >= 0.5
        return [
            sk.accuracy_score(t, called), sk.balanced_accuracy_score(t, called), sk.precision_score(t, called),
            sk.recall_score(t, called), sk.f1_score(t, called), sk.recall_score(t, called, pos_label=0),
            sk.matthews_corrcoef(t, called), sk.cohen_kappa_score(t, called), sk.roc_auc_score(t, s),
            sk.average_precision_score(t, s), sk.log_loss(t, s), sk.brier_score_loss(t, s),
            *sk.confusion_matrix(t, called).ravel()[:2],
        ]  # fmt: skip

    return _measured(lambda: [judge(true, score), *(judge(true[parts == i], score[parts == i]) for i in range(SLICES))])


def _measured(work: Callable[[], Any], *, count: Callable[[Any], int] | None = None) -> dict[str, float]:
    began = time.process_time()
    found = work()
    cpu = time.process_time() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu, "peak_mb": peak_mb, "metrics": count(found) if count else 0}


if __name__ == "__main__":
    jobs = {"ours": ours, "sklearn": sklearn, "intervals": intervals, "many": many}
    job = sys.argv[1]
    print(json.dumps(jobs[job]() if job in jobs else _measured(arrays)))
