"""A registered model: its versions, its aliases with their history, its verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.base import clock
from tenfold.base.addresses import check_ref
from tenfold.base.errors import CheckFailed, Invalid, VersionNotFound
from tenfold.contracts import Stores, resolve
from tenfold.records import ANY, Move, Ref, RefMove, Version

GUARDED = frozenset({"champion", "Production"})
"""Aliases that take no version whose evaluation failed, unless a reason is given."""

BLESSING = "blessing"
"""Tag of a version that was judged: 'passed' or 'failed'."""

PAGE = 200


class Registered:
    """One model by name. Holds nothing but the name: every question is asked afresh."""

    def __init__(self, stores: Stores, name: str) -> None:
        self.stores = stores
        self.name = name

    def versions(self, *, deleted: bool = False) -> list[Version]:
        """All versions, newest first. `deleted` true gives only those in the bin."""
        found: list[Version] = []
        while True:
            page = self.stores.versions.search("model", self.name, deleted=deleted, offset=len(found), limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found

    def version(self, number_or_alias: int | str) -> Version:
        """One version by number, alias or id. Raises VersionNotFound."""
        return _version(self.stores, self.name, number_or_alias)

    def aliases(self) -> dict[str, Ref]:
        """Where each alias and stage points now, sorted by name."""
        return {ref.ref: ref for ref in self.stores.refs.all("model", self.name)}

    def set_alias(
        self,
        alias: str,
        version: int | str | None,
        *,
        who: str = "",
        why: str = "",
        expect: str | None = ANY,
        force_reason: str | None = None,
    ) -> Ref | None:
        """Make an alias or stage (`champion`, `Production`) name a version; None removes it. Gives where it is now.

        Args:
            version: Number, another alias, or version id.
            expect: Version id the alias must name now, None when it must not exist, ANY when that does not matter.
            force_reason: Why a guarded alias may take a version that failed its evaluation; becomes part of `why`.

        Raises:
            CheckFailed: A guarded alias would take a version whose verdict is 'failed', and no reason was given.
            RefMoved: The alias is not where `expect` says.
        """
        check_ref(alias)
        to = None if version is None else self.version(version)
        if to is not None and alias in GUARDED and to.tags.get(BLESSING) == "failed":
            if not force_reason:
                raise CheckFailed(
                    f"{to.address} failed its evaluation{_said(to)}. Evaluate it again, or move {alias} with a reason: "
                    "force_reason='…'",
                    field="version",
                )
            why = f"{why} (forced: {force_reason})".strip()
        move = Move(ref=alias, to=to.id if to else None, expect=expect, who=who, why=why)
        return self.stores.refs.move("model", self.name, move, at_ms=clock.now_ms())

    def history(self, alias: str | None = None) -> list[RefMove]:
        """Moves of one alias, or of all, newest first."""
        return self.stores.refs.history("model", self.name, alias)

    def at(self, alias: str, at_ms: int) -> Version | None:
        """The version an alias named at a moment (UTC), or None."""
        found = self.stores.refs.at("model", self.name, alias, at_ms)
        return self.stores.versions.get([found])[0] if found else None

    def delete(self, version: int | str) -> Version:
        """Put a version into the bin.

        Raises:
            Invalid: An alias names it still.
        """
        gone = self.version(version)
        if named := [alias for alias, ref in self.aliases().items() if ref.version_id == gone.id]:
            raise Invalid(
                f"{gone.address} is named by {', '.join(named)}. Move or remove that alias first", field="version"
            )
        self.stores.versions.set_deleted([gone.id], at_ms=clock.now_ms())
        return self.stores.versions.get([gone.id])[0]

    def restore(self, number: int) -> Version:
        """Take a version out of the bin. Raises VersionNotFound."""
        for version in self.versions(deleted=True):
            if version.number == number:
                self.stores.versions.set_deleted([version.id], at_ms=None)
                return self.stores.versions.get([version.id])[0]
        raise VersionNotFound(f"No version {number} of model:{self.name} is in the bin", field="version")

    def compare(self, one: int | str, other: int | str) -> dict[str, Any]:
        """What differs between two versions: {'metrics' | 'params' | 'signature' | 'requirements': {key: [one, other]}}.

        Params are those of the runs that made them. A key one of them lacks has None there.
        """
        a, b = self.version(one), self.version(other)
        runs = {run.id: run for run in self.stores.runs.get([v.run_id for v in (a, b) if v.run_id])}
        params = [runs[v.run_id].params if v.run_id in runs else {} for v in (a, b)]
        return {
            "versions": [a.number, b.number],
            "metrics": _differ(a.metadata.get("metrics", {}), b.metadata.get("metrics", {}), all_keys=True),
            "params": _differ(*params),
            "signature": _differ(_columns(a), _columns(b)),
            "requirements": _differ(_pins(a), _pins(b)),
        }


def set_verdict(stores: Stores, version_id: str, verdict: Mapping[str, Any]) -> Version:
    """Write a gate's verdict on a version: tag `blessing` 'passed' or 'failed', and what stood behind it.

    Args:
        verdict: `passed` (bool), and when there is one `evaluation` (id of the evaluation version) and `reasons` (texts).
    """
    if not isinstance(verdict.get("passed"), bool):
        raise Invalid("A verdict needs 'passed': true or false", field="passed")
    reasons = verdict.get("reasons") or []
    said = "; ".join(str(reason) for reason in reasons) if not isinstance(reasons, str) else reasons
    tags: dict[str, str | None] = {
        BLESSING: "passed" if verdict["passed"] else "failed",
        "evaluation": str(verdict["evaluation"]) if verdict.get("evaluation") else None,
        "verdict": said[:1000] or None,
    }
    return stores.versions.describe(version_id, tags=tags)


def _version(stores: Stores, name: str, wanted: int | str) -> Version:
    if isinstance(wanted, str) and len(wanted) == 26:
        return resolve(stores, f"version:{wanted}")
    return resolve(stores, f"model:{name}@{wanted}")


def _said(version: Version) -> str:
    return f" ({version.tags['verdict']})" if version.tags.get("verdict") else ""


def _differ(a: Mapping[str, Any], b: Mapping[str, Any], *, all_keys: bool = False) -> dict[str, list[Any]]:
    keys = sorted(a.keys() | b.keys())
    return {key: [a.get(key), b.get(key)] for key in keys if all_keys or a.get(key) != b.get(key)}


def _columns(version: Version) -> dict[str, str]:
    signature = version.metadata.get("signature", {})
    return {column["name"]: column["type"] for column in signature.get("inputs", [])}


def _pins(version: Version) -> dict[str, str]:
    return dict(pin.split("==", 1) for pin in version.metadata.get("requirements", []) if "==" in pin)
