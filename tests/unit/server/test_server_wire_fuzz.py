"""Whatever a client sends to the store's own routes, they answer with a result or a problem, never with a crash."""

from __future__ import annotations

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import inspect

from tenfold.contracts.wire import operations
from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import sqlite_stores

WORDS = st.one_of(st.text(max_size=6), st.sampled_from(["data", "flights", "main", "\0", "01KAAAAAAAAAAAAAAAAAAAAAAA"]))
NUMBERS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**64 - 1))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(), WORDS, st.binary(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=5,
)


def sendable(kind: inspect.Type) -> st.SearchStrategy:
    """Values of a type as they travel; also those that are of the type but make no sense."""
    match kind:
        case inspect.StructType() if kind.array_like:
            return st.tuples(*(sendable(field.type) for field in kind.fields)).map(list)
        case inspect.StructType():
            given = {field.encode_name: st.deferred(lambda f=field: sendable(f.type)) for field in kind.fields}
            required = {field.encode_name: given.pop(field.encode_name) for field in kind.fields if field.required}
            tag = {kind.tag_field: st.just(kind.tag)} if kind.tag_field else {}
            return st.fixed_dictionaries({**required, **tag}, optional=given)
        case inspect.UnionType():
            return st.one_of([sendable(one) for one in kind.types])
        case inspect.ListType():
            return st.lists(sendable(kind.item_type), max_size=2)
        case inspect.DictType():
            return st.dictionaries(WORDS, sendable(kind.value_type), max_size=2)
        case inspect.LiteralType():
            return st.sampled_from(list(kind.values))
        case inspect.StrType():
            return WORDS
        case inspect.IntType():
            return NUMBERS
        case inspect.FloatType():
            return st.floats()
        case inspect.BoolType():
            return st.booleans()
        case inspect.BytesType():
            return st.one_of(st.binary(max_size=9), st.just(bytes(8)))
        case inspect.NoneType():
            return st.none()
    return ANYTHING


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving(place_of_stores(sqlite_stores(tmp_path_factory.mktemp("wire")))) as found:
        yield found


@pytest.mark.parametrize("operation", sorted(operations()), ids="/".join)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_call_makes_a_store_route_fail(operation, url, api, data):
    typed = sendable(inspect.type_info(operations()[operation].arguments))
    sent = data.draw(st.one_of(typed, typed, typed, ANYTHING, st.binary(max_size=12)))
    content = sent if isinstance(sent, bytes) else msgspec.msgpack.encode(sent)
    response = api.post(f"{url}/api/v1/store/{'/'.join(operation)}", content=content)
    assert response.status_code < 500, (sent, response.text)
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
