"""A registered model as users hold it: the registry's answers, and what needs more than the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.models import Model, Registered, load, register, set_verdict
from tenfold.records import Version


class RegisteredModel(Registered):
    """`tenfold.model("delay")`: versions, aliases and their history, loading, registering."""

    def load(self, version: int | str = "champion", *, allow_pickle: bool = False) -> Model:
        """Load a version, by number or alias, to predict with."""
        return load(self.stores, self.version(version), allow_pickle=allow_pickle)

    def register(
        self,
        candidate: str,
        *,
        run_id: str | None = None,
        message: str = "",
        verdict: Mapping[str, Any] | None = None,
    ) -> Version:
        """Make a candidate's content the next version of this model; part of the active run when there is one."""
        from tenfold.workspace.runs import active_run

        active = active_run(required=False)
        return register(
            self.stores,
            self.name,
            candidate,
            run_id=run_id or (active.id if active else None),
            message=message,
            verdict=verdict,
        )

    def set_verdict(self, version: int | str, verdict: Mapping[str, Any]) -> Version:
        """Write a gate's verdict on a version."""
        return set_verdict(self.stores, self.version(version).id, verdict)
