"""What a run says of itself besides numbers and files: params, tags, notes, its result, what its metrics are for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

from tenfold.base.errors import Invalid
from tenfold.base.hashing import canonical_json
from tenfold.contracts.changes import check_key, searchable
from tenfold.records import RunChange, Version
from tenfold.tracking import media
from tenfold.tracking.definitions import field_of
from tenfold.tracking.outbox import Change
from tenfold.tracking.warn import WarnOnce

LARGEST_VALUE_BYTES = 1024 * 1024
"""Of one param or tag: lists of runs read them all."""


class SetsFields(ABC):
    """What a run adds: its id, its warnings, and `_do`, which sends a change now or later."""

    id: str
    _warn: WarnOnce

    @abstractmethod
    def _do(self, deed: Any) -> Version | None: ...

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Add parameters; nested mappings stay trees. A key given again is replaced.

        One that cannot be kept (a key beyond 250 characters, a value beyond 1 MiB) is warned of, the others are kept.
        """
        kept = {key: value for key, value in media.plain(params).items() if self._takes("param", key, value)}
        if kept:
            self._do(Change(self.id, RunChange(params=kept)))

    def param(self, key: str, value: Any) -> None:
        """Add one parameter."""
        self.set_params({key: value})

    def tag(self, key: str | Mapping[str, str | None], value: str | None = "") -> None:
        """Set a tag, or several; None removes. What cannot be kept is warned of, as of params."""
        given = {key: value} if isinstance(key, str) else dict(key)
        texts = {str(name): None if text is None else str(text) for name, text in given.items()}
        kept = {name: text for name, text in texts.items() if self._takes("tag", name, text)}
        if kept:
            self._do(Change(self.id, RunChange(tags=kept)))

    def note(self, text: str) -> None:
        """Set the run's notes (Markdown)."""
        self._do(Change(self.id, RunChange(notes=text)))

    def result(self, values: Mapping[str, Any]) -> None:
        """Add to what the run came to."""
        self._do(Change(self.id, RunChange(result=media.plain(values))))

    def define_metric(
        self,
        key: str,
        *,
        goal: Literal["maximize", "minimize"] | None = None,
        summary: Literal["last", "min", "max", "mean", "best"] | None = None,
        x: str | None = None,
    ) -> None:
        """Say what a metric is for: whether more is better, and which of its numbers speaks for this run.

        Args:
            summary: 'best' when there is a goal, else 'last'.
            x: The metric it is drawn over, instead of the step.

        Raises:
            Invalid: A goal or summary that does not exist.
        """
        self._do(Change(self.id, RunChange(environment=field_of(key, goal, summary, x))))

    def _takes(self, what: str, key: str, value: Any) -> bool:
        """True when a param or tag can be kept; else it is said why not, once for each key."""
        try:
            searchable({check_key(key): value})
            size = len(canonical_json(value))
        except Invalid as error:
            self._warn(f"{what} {key[:80]}", f"A {what} of run {self.id} is not kept: {error}")
            return False
        if size > LARGEST_VALUE_BYTES:
            self._warn(
                f"{what} {key}",
                f"The {what} {key[:80]!r} has {size:,} bytes, more than {LARGEST_VALUE_BYTES:,}; it is not kept. "
                "Keep it with log_text or save",
            )
            return False
        return True
