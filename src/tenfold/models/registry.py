"""A registered model: its versions, its aliases with their history, its approvals, its verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tenfold.base import clock
from tenfold.base.addresses import check_ref
from tenfold.base.errors import CheckFailed, Invalid, VersionNotFound
from tenfold.contracts import Stores, resolve
from tenfold.contracts.there import versions_there
from tenfold.models import approvals, whole
from tenfold.models.approvals import Approval
from tenfold.records import ANY, Move, Ref, RefMove, Version

GUARDED = frozenset({"champion", "Production"})
"""Aliases that take no version whose evaluation failed, and none without one in place of one that passed, unless a reason
is given."""

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
            force_reason: Why the alias may move past a failed evaluation or a missing approval; becomes part of `why`.

        Raises:
            CheckFailed: A guarded alias would take a version whose verdict is 'failed', one that was never judged in
                place of one that passed, or one that needs approval a version that has none, and no reason was given.
            RefMoved: The alias is not where `expect` says.
        """
        check_ref(alias)
        to = None if version is None else self.version(version)
        if to is not None:
            why = self._allowed(alias, to, why, force_reason)
        move = Move(ref=alias, to=to.id if to else None, expect=expect, who=who, why=why)
        return self.stores.refs.move("model", self.name, move, at_ms=clock.now_ms())

    def _allowed(self, alias: str, to: Version, why: str, force_reason: str | None) -> str:
        """The reason of a move as it is kept, with what allowed it. Raises CheckFailed."""
        against = []
        if alias in GUARDED and to.tags.get(BLESSING) == "failed":
            against.append(f"{to.address} failed its evaluation{_said(to)}. Evaluate it again")
        elif alias in GUARDED and BLESSING not in to.tags and self._holds_blessed(alias):
            against.append(
                f"{to.address} was not evaluated, and {alias} names a version that passed. Evaluate it with: tenfold "
                f"evaluate {to.address} --data … --target … --threshold …"
            )
        record = whole.find_whole(self.stores, self.name)
        if alias in GUARDED:
            against += [f"monitor {who} holds promotions back: {said}" for who, said in whole.blocks(record).items()]
        yes = None
        if alias in whole.needing_approval(record):
            yes = approvals.approval_for(self.stores, self.name, alias, to.id)
            if yes is None:
                ask = f"tenfold models request {self.name} {alias} {to.number}"
                against.append(f"{alias} needs approval and nobody approved {to.address}. Ask for it with: {ask}")
        if against and not (force_reason or "").strip():
            how = f"move {alias} with a reason: --force --why '…', in Python force_reason='…'"
            raise CheckFailed(f"{'; '.join(against)}, or {how}", field="version")
        if against:
            return f"{why} (forced: {force_reason})".strip()
        return f"{why} (request {yes.number}, approved by {yes.answered_by or 'someone'})".strip() if yes else why

    def _holds_blessed(self, alias: str) -> bool:
        """Whether an alias names a version whose evaluation passed."""
        now = self.aliases().get(alias)
        held = versions_there(self.stores, [now.version_id]) if now else {}
        return any(version.tags.get(BLESSING) == "passed" for version in held.values())

    def needs_approval(self) -> list[str]:
        """The aliases that only take approved versions, sorted."""
        return whole.needing_approval(whole.find_whole(self.stores, self.name))

    def require_approval(self, aliases: Iterable[str]) -> list[str]:
        """Say which aliases only take approved versions, in place of those that did; none lifts the rule."""
        return whole.require_approval(self.stores, self.name, aliases)

    def request(self, alias: str, version: int | str, *, who: str = "", comment: str = "") -> Approval:
        """Ask that an alias may take a version. Raises AlreadyExists when that is asked already and not answered."""
        return approvals.request_approval(self.stores, self.version(version), alias, who=who, comment=comment)

    def approve(self, request: int, *, who: str = "", comment: str = "", move: bool = True) -> Approval:
        """Say yes to a request and, unless told otherwise, move the alias: its history names the request.

        Raises:
            VersionNotFound: No such request, or its version is in the bin.
            StateConflict: It was answered already.
            CheckFailed: The version failed its evaluation; the yes is kept, the alias did not move.
        """
        said = approvals.answer_approval(self.stores, self.name, request, approved=True, who=who, comment=comment)
        if move:
            self.set_alias(said.alias, said.version_id, who=who, why=comment or said.comment)
        return said

    def reject(self, request: int, *, who: str = "", comment: str) -> Approval:
        """Say no to a request, and why. Raises VersionNotFound, StateConflict."""
        return approvals.answer_approval(self.stores, self.name, request, approved=False, who=who, comment=comment)

    def requests(self, *, state: approvals.State | None = None) -> list[Approval]:
        """Requests for approval with their answers, newest first."""
        return approvals.approvals(self.stores, self.name, state=state)

    def history(self, alias: str | None = None) -> list[RefMove]:
        """Moves of one alias, or of all, newest first."""
        return self.stores.refs.history("model", self.name, alias)

    def at(self, alias: str, at_ms: int) -> Version | None:
        """The version an alias named at a moment (UTC), or None. One deleted or purged since is given too."""
        found = self.stores.refs.at("model", self.name, alias, at_ms)
        return versions_there(self.stores, [found]).get(found) if found else None

    @property
    def description(self) -> str:
        """What was said of the model as a whole."""
        record = whole.find_whole(self.stores, self.name)
        return record.description if record else ""

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the model as a whole."""
        return whole.tags_of_whole(whole.find_whole(self.stores, self.name))

    def describe(
        self,
        description: str | None = None,
        *,
        version: int | str | None = None,
        tags: Mapping[str, str | None] | None = None,
    ) -> Version:
        """Say what a version is, or the model as a whole when none is named; a tag of None is removed.

        Gives the version, or the record of the whole. Raises VersionNotFound.
        """
        if version is None:
            return whole.describe_whole(self.stores, self.name, description=description, tags=tags)
        found = self.version(version)
        return self.stores.versions.describe(found.id, description=description, tags=dict(tags or {}))

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
        raise self._not_binned(number)

    def _not_binned(self, number: int) -> VersionNotFound:
        return VersionNotFound(
            f"No version {number} of model:{self.name} is in the bin. See what is there with: tenfold models show "
            f"{self.name} --bin",
            field="version",
        )


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
