"""The `log_…` calls of a run: what it keeps besides numbers, each as a version of kind media made by the run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from tenfold.records import Version
from tenfold.tracking import media
from tenfold.tracking.media import Media


class KeepsMedia(ABC):
    """What a run adds: `_keep`, which warns and goes on when something cannot be made or kept."""

    @abstractmethod
    def _keep(self, key: str, step: int | None, make: Callable[[], Media]) -> Version | None: ...

    def log_text(self, key: str, text: str, step: int | None = None) -> Version | None:
        """Keep a text."""
        return self._keep(key, step, lambda: media.of_text(text))

    def log_file(self, key: str, path: str | Path, step: int | None = None) -> Version | None:
        """Keep a file as it is now."""
        return self._keep(key, step, lambda: media.of_file(Path(path)))

    def log_image(self, key: str, image: Any, step: int | None = None) -> Version | None:
        """Keep an image: an array (height, width[, 3 or 4]), a PIL image, a Matplotlib figure, or the path of a file."""
        return self._keep(key, step, lambda: media.of_image(image))

    def log_table(self, key: str, table: Any, step: int | None = None) -> Version | None:
        """Keep a table: a data frame, a list of rows as mappings, or a mapping of columns."""
        return self._keep(key, step, lambda: media.of_table(table))

    def log_histogram(self, key: str, values: Any, step: int | None = None, *, bins: int = 64) -> Version | None:
        """Keep the histogram of values, or (counts, edges) already counted."""
        return self._keep(key, step, lambda: media.of_histogram(values, bins))

    def log_html(self, key: str, page: str | Path, step: int | None = None) -> Version | None:
        """Keep a page: HTML as text, or the Path of a file. It is shown in a sandbox, without network."""
        from tenfold.tracking import figures

        return self._keep(key, step, lambda: figures.of_html(page))

    def log_plot(self, key: str, figure: Any, step: int | None = None) -> Version | None:
        """Keep a plot: a figure of Plotly, which stays interactive, or of Matplotlib (or its axes)."""
        from tenfold.tracking import figures

        return self._keep(key, step, lambda: figures.of_plot(figure))

    def log_audio(self, key: str, audio: Any, step: int | None = None, *, rate_hz: int = 44_100) -> Version | None:
        """Keep sound: samples (samples[, channels]) from -1 to 1, or the path of a file."""
        from tenfold.tracking import figures

        return self._keep(key, step, lambda: figures.of_audio(audio, rate_hz))

    def log_video(self, key: str, path: str | Path, step: int | None = None) -> Version | None:
        """Keep a film: the path of a file that browsers play."""
        from tenfold.tracking import figures

        return self._keep(key, step, lambda: figures.of_video(Path(path)))

    def log_confusion_matrix(
        self, key: str, y_true: Any, y_pred: Any, step: int | None = None, *, labels: Sequence[Any] | None = None
    ) -> Version | None:
        """Keep how often each actual label was predicted as which; at most 100 labels, in the order of `labels`."""
        from tenfold.tracking import figures

        return self._keep(key, step, lambda: figures.of_confusion_matrix(y_true, y_pred, labels))

    def log_curve(
        self,
        key: str,
        y_true: Any,
        y_score: Any,
        step: int | None = None,
        *,
        kind: Literal["roc", "pr"] = "roc",
        positive: Any = None,
    ) -> Version | None:
        """Keep the ROC or precision-recall curve of scores for the label `positive`, the greater one of the two else."""
        from tenfold.tracking import figures

        return self._keep(key, step, lambda: figures.of_curve(y_true, y_score, kind, positive))
