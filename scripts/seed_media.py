"""Media for the seeded store: what a training run logs besides numbers, at a few steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenfold.records import Run, Version
from tenfold.tracking import figures, media
from tenfold.tracking.media import Media


def log_media(version: Callable[..., Version], run: Run, steps: list[int], seed: int) -> None:
    """Images, histograms and a table at each step, a confusion matrix and a text at the end."""
    walk = np.random.default_rng(seed)
    truth = walk.integers(0, 3, 300)

    def keep(key: str, made: Media, step: int | None) -> None:
        metadata = {"key": key, **made.metadata} | ({} if step is None else {"step": step})
        version(
            "media", media.name_of(run.id, key), {made.file_name: made.content, **made.more}, ago=0, run=run,
            type=made.type, metadata=metadata, role=key,
        )  # fmt: skip

    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    for n, step in enumerate(steps):
        blur = 0.9 / (n + 1)
        keep("samples/digit", media.of_image(np.exp(-((np.hypot(x, y) - 0.5) ** 2) / blur**2)), step)
        keep("weights", media.of_histogram(walk.normal(0, 0.2 + 0.1 * n, 4000), 48), step)
        guessed = np.where(walk.random(300) < 0.5 + 0.1 * n, truth, walk.integers(0, 3, 300))
        rows = [{"flight": f"UA{i}", "actual": int(a), "predicted": int(b)} for i, (a, b) in enumerate(zip(truth, guessed, strict=True)) if a != b]  # fmt: skip
        keep("worst", media.of_table(rows[:40]), step)
    names = np.array(["on time", "late", "cancelled"])
    keep("confusion", figures.of_confusion_matrix(names[truth], names[guessed], names.tolist()), None)
    keep("notes", media.of_text("The airports with few flights are learnt by heart.\nMore of them next time."), None)
