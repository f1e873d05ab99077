"""What a registry is asked beyond its lists: approvals, comparing, the bin, and what was in production."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tenfold.base.clock import span_of
from tenfold.base.errors import Invalid
from tenfold.models.whole import describe_whole
from tenfold.server.place import Place
from tenfold.server.routes.models import WHO, ModelParams, check_number, get
from tenfold.server.routes.params import Name
from tenfold.server.table import Route
from tenfold.server.wire import ApprovalAsk, ApprovalSay, BinAction, BinDone, ModelDetail, ModelEdit
from tenfold.workspace.model_comparison import ModelComparison, compare_models
from tenfold.workspace.production import Production, production
from tenfold.workspace.registered import RegisteredModel

COMPARED = 20
"""Versions beside one another at most."""


class CompareParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    versions: Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=128)]], msgspec.Meta(min_length=1)]


class RequestParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class ProductionParams(msgspec.Struct, frozen=True, kw_only=True):
    at: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    model: Name | None = None
    alias: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None


def compare(place: Place, params: CompareParams) -> ModelComparison:
    if len(params.versions) > COMPARED:
        raise Invalid(f"At most {COMPARED} versions are shown beside one another. Name fewer", field="versions")
    registered = RegisteredModel(place.stores, params.name)
    return compare_models(place.stores, [registered.version(version) for version in params.versions])


def in_production(place: Place, params: ProductionParams) -> Production:
    first, last = span_of(params.at)
    return production(place.stores, first, last, model=params.model, alias=params.alias)


def edit(place: Place, params: ModelParams, body: ModelEdit) -> ModelDetail:
    registered = RegisteredModel(place.stores, params.name)
    if any(not 1 <= len(key) <= 250 for key in body.tags or {}):
        raise Invalid("The key of a tag has 1 to 250 characters", field="tags")
    if body.version is not None:
        if body.needs_approval is not None:
            raise Invalid("Approval is asked for aliases of the whole model, not of a version", field="needs_approval")
        number = check_number(body.version, "version")
        registered.describe(body.description, version=number, tags=body.tags)
    else:
        describe_whole(place.stores, params.name, description=body.description, tags=body.tags)
        if body.needs_approval is not None:
            registered.require_approval(body.needs_approval)
    return get(place, params)


def ask(place: Place, params: ModelParams, body: ApprovalAsk) -> ModelDetail:
    registered = RegisteredModel(place.stores, params.name)
    registered.request(body.alias, check_number(body.version, "version"), who=body.who or WHO, comment=body.comment)
    return get(place, params)


def answer(place: Place, params: RequestParams, body: ApprovalSay) -> ModelDetail:
    registered, who = RegisteredModel(place.stores, params.name), body.who or WHO
    if body.approved:
        registered.approve(params.number, who=who, comment=body.comment, move=body.move)
    else:
        registered.reject(params.number, who=who, comment=body.comment)
    return get(place, ModelParams(name=params.name))


def bin_action(place: Place, params: ModelParams, body: BinAction) -> BinDone:
    registered = RegisteredModel(place.stores, params.name)
    numbers = list(dict.fromkeys(check_number(number, "numbers") for number in body.numbers))
    if body.action == "purge":
        purged = registered.purge(*numbers, preview=body.preview)
        return BinDone(changed=purged.versions, purged=purged)
    if body.preview:
        raise Invalid("Only a purge has a preview: the bin can be undone", field="preview")
    for number in numbers:
        if body.action == "delete":
            registered.delete(number)
        else:
            registered.restore(number)
    return BinDone(changed=len(numbers), purged=None)


ROUTES = [
    Route("GET", "/production", in_production, Production, "What was in production at a time", ProductionParams),
    Route("GET", "/models/{name}/compare", compare, ModelComparison, "Versions side by side", CompareParams),
    Route("PATCH", "/models/{name}", edit, ModelDetail, "Describe a model or a version of it", ModelParams, ModelEdit),
    Route("POST", "/models/{name}/requests", ask, ModelDetail, "Ask for approval", ModelParams, ApprovalAsk),
    Route(
        "POST", "/models/{name}/requests/{number}", answer, ModelDetail, "Answer a request", RequestParams, ApprovalSay
    ),
    Route(
        "POST", "/models/{name}/bin", bin_action, BinDone, "Delete, restore or purge versions", ModelParams, BinAction
    ),
]
