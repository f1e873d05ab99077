"""A registered model as users hold it: the registry's answers, and what needs more than the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.models import Model, Registered, load, register, set_verdict
from tenfold.records import Version
from tenfold.workspace.model_comparison import SECTIONS, compare_models, differing
from tenfold.workspace.purging import SAFE_GRACE_MS, Purged, purge_versions


class RegisteredModel(Registered):
    """`tenfold.model("delay")`: versions, aliases and their history, loading, registering, comparing, purging."""

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

    def compare(self, *versions: int | str, all_keys: bool = False) -> dict[str, dict[str, list[Any]]]:
        """Two or more versions side by side: {section: {key: one value a version}}, only what differs unless told otherwise.

        Sections: facts, metrics, params (of the runs that trained them), signature, requirements, data (which version
        of each dataset they descend from), tags. Metrics are given whole.
        """
        told = compare_models(self.stores, [self.version(version) for version in versions])
        sections: dict[str, dict[str, list[Any]]] = {name: getattr(told, name) for name in SECTIONS}
        return {
            name: section if all_keys or name == "metrics" else differing(section) for name, section in sections.items()
        }

    def purge(self, *numbers: int, preview: bool = False, grace_ms: int = SAFE_GRACE_MS) -> Purged:
        """Remove the files of versions that are in the bin, for good; see `purge_versions`. All of them when none is named.

        Raises:
            VersionNotFound: One of them is not in the bin.
        """
        binned = {version.number: version.id for version in self.versions(deleted=True)}
        if missing := [number for number in numbers if number not in binned]:
            raise self._not_binned(missing[0])
        ids = [binned[number] for number in numbers or sorted(binned)]
        return purge_versions(self.stores, ids, preview=preview, grace_ms=grace_ms)
