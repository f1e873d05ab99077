"""`Client().models`: the registered models of a place, and what was in production at a time past."""

from __future__ import annotations

from datetime import datetime

from tenfold.base.clock import span_of
from tenfold.contracts import Stores
from tenfold.workspace.production import Production, production
from tenfold.workspace.registered import RegisteredModel


class Models:
    """All models of a place. Holds nothing: every question is asked afresh."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    def names(self) -> list[str]:
        """Names of the models that have a version outside the bin, sorted."""
        return [name for _, name, _, _ in self.stores.versions.names("model")]

    def get(self, name: str) -> RegisteredModel:
        """One model by name."""
        return RegisteredModel(self.stores, name)

    def at(self, when: str | int | datetime, *, alias: str | None = None, model: str | None = None) -> Production:
        """What was in production: which version each alias named and each deployment served.

        Args:
            when: '2026-03-03' (any time of that day, UTC), '2026-03-03T14:00', UTC milliseconds, or a datetime.

        Raises:
            Invalid: `when` is no date and no time.
        """
        if isinstance(when, datetime):
            when = when.isoformat()
        first, last = span_of(when) if isinstance(when, str) else (when, when)
        return production(self.stores, first, last, model=model, alias=alias)
