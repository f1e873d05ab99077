"""Models: versions with what they came to, aliases and their moves."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tenfold.base.errors import CheckFailed, Invalid, RefNotFound, VersionNotFound
from tenfold.contracts import Stores
from tenfold.contracts.there import runs_there
from tenfold.models import Registered
from tenfold.models.figures import metrics_of
from tenfold.records import Ref, Run, Version
from tenfold.records.ref import ANY
from tenfold.server.place import Place
from tenfold.server.routes.data import nothing_there, refs_by_name
from tenfold.server.routes.params import Name
from tenfold.server.rows import history_rows, ref_rows, run_link, version_row
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import AliasMove, ModelDetail, ModelList, ModelRow, ModelVersionRow

KIND = "model"
VERSIONS = 200
WHO = "page"
"""Until servers know users, a move through the API is written down as made by a page."""

Alias = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class ModelParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class AliasParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    alias: Alias


class RemoveAliasParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    alias: Alias
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    who: Annotated[str, msgspec.Meta(max_length=200)] = ""


def listing(place: Place, params: Nothing) -> ModelList:
    stores = place.stores
    refs = refs_by_name(stores, KIND)
    names = stores.versions.names(KIND)
    newest = [v for _, name, _, _ in names if (v := stores.versions.find(KIND, name)) is not None]
    rows = {row.version.name: row for row in _version_rows(stores, newest, refs)}
    return ModelList(
        [
            ModelRow(
                name=name, versions=count, newest_at_ms=at, newest=rows.get(name), aliases=ref_rows(refs.get(name, []))
            )
            for _, name, count, at in names
        ]
    )


def get(place: Place, params: ModelParams) -> ModelDetail:
    stores = place.stores
    versions = stores.versions.search(KIND, params.name, limit=VERSIONS)
    binned = stores.versions.search(KIND, params.name, deleted=True, limit=VERSIONS)
    if not versions and not binned:
        raise nothing_there(stores, KIND, params.name)
    refs = {params.name: stores.refs.all(KIND, params.name)}
    registered = Registered(stores, params.name)
    return ModelDetail(
        name=params.name,
        aliases=ref_rows(refs[params.name]),
        versions=_version_rows(stores, versions, refs),
        history=history_rows(stores, KIND, params.name),
        description=registered.description,
        tags=registered.tags,
        needs_approval=registered.needs_approval(),
        requests=registered.requests(),
        binned=[version_row(version, []) for version in binned],
    )


def _version_rows(stores: Stores, versions: list[Version], refs: dict[str, list[Ref]]) -> list[ModelVersionRow]:
    """The versions with their runs, evaluations and verdicts, in a constant number of queries."""
    run_ids = list({v.run_id for v in versions if v.run_id})
    runs = runs_there(stores, run_ids)
    judged = {v.id: v.tags["evaluation"] for v in versions if "evaluation" in v.tags}
    found = {e.id: e for e in _evaluations(stores, sorted(set(judged.values())))}
    return [
        _version_row(v, runs.get(v.run_id or ""), found.get(judged.get(v.id, "")), refs.get(v.name, []))
        for v in versions
    ]


def _evaluations(stores: Stores, ids: list[str]) -> list[Version]:
    try:
        return stores.versions.get(ids) if ids else []
    except VersionNotFound:  # a tag may name an evaluation that is not in this store
        return []


def _version_row(version: Version, run: Run | None, evaluation: Version | None, refs: list[Ref]) -> ModelVersionRow:
    reasons = version.tags.get("verdict", "")
    return ModelVersionRow(
        version=version_row(version, [ref.ref for ref in refs if ref.version_id == version.id]),
        run=run_link(run) if run else None,
        metrics=dict(metrics_of(version, run, evaluation)),
        verdict=version.tags.get("blessing"),
        reasons=[reason for reason in reasons.split("; ") if reason],
        evaluation_id=evaluation.id if evaluation else None,
        signature=version.metadata.get("signature"),
        format=version.type.partition("/")[2] or version.type,
    )


def move_alias(place: Place, params: AliasParams, body: AliasMove) -> ModelDetail:
    if not body.why.strip():
        raise Invalid("A move of an alias needs a reason. Write one in 'why'", field="why")
    if len(body.why) > 1000:
        raise Invalid("The reason is longer than 1,000 characters. Shorten it", field="why")
    registered = Registered(place.stores, params.name)
    number, expect = check_number(body.version, "version"), ANY
    if body.expect is not None:
        expect = registered.version(check_number(body.expect, "expect")).id
    try:
        registered.set_alias(
            params.alias,
            number,
            who=body.who or WHO,
            why=body.why,
            expect=expect,
            force_reason=body.why if body.force else None,
        )
    except CheckFailed as error:
        raise CheckFailed(error.message, field="force") from error
    return get(place, ModelParams(name=params.name))


def check_number(number: int, field: str) -> int:
    """The number itself when a version may have it; else Invalid."""
    if not 1 <= number <= 2**53:
        raise Invalid(f"{number} is no version number. They begin at 1", field=field)
    return number


def remove_alias(place: Place, params: RemoveAliasParams) -> ModelDetail:
    registered = Registered(place.stores, params.name)
    if params.alias not in registered.aliases():
        raise RefNotFound(f"model:{params.name} has no alias {params.alias!r}", field="alias")
    registered.set_alias(params.alias, None, who=params.who or WHO, why=params.why)
    return get(place, ModelParams(name=params.name))


ROUTES = [
    Route("GET", "/models", listing, ModelList, "Models, by name"),
    Route("GET", "/models/{name}", get, ModelDetail, "A model's versions, aliases and history", ModelParams),
    Route("PUT", "/models/{name}/aliases/{alias}", move_alias, ModelDetail, "Move an alias", AliasParams, AliasMove),
    Route("DELETE", "/models/{name}/aliases/{alias}", remove_alias, ModelDetail, "Remove an alias", RemoveAliasParams),
]
