"""What changed since the run before says the same as all datums looked at anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.base import ids
from tenfold.pipelines.datums import cross, files, group, join, union
from tenfold.pipelines.datums.definition import Definition
from tenfold.pipelines.datums.planning import Work, find_datums, find_work, reads_of
from tenfold.pipelines.datums.state import KIND, Known, Record
from tenfold.records import Draft, Version
from tenfold.testing.stores import memory_stores

NAMES = st.sampled_from(["a", "b", "a/x", "a/y", "b/x", "b/c/d", "c/d/e/f", "c", "empty/", "c/d/g"])
CONTENT = st.dictionaries(NAMES, st.sampled_from([b"1", b"2"]), max_size=7)
INPUTS = [
    *(files("data:left", glob) for glob in ("/", "/*", "/*/*", "/**", "/{a,c}*", "/b/**")),
    union(files("data:left", "/*"), files("data:right", "/*/*"), files("data:left", "/*/*", name="deep")),
    cross(files("data:left", "/*"), files("data:right", "/*")),
    cross(union(files("data:left", "/*"), files("data:right", "/*", name="other")), files("data:right", "/")),
    join(files("data:left", "/(*)", on="$1"), files("data:right", "/(*)", on="$1", outer=True)),
    group(files("data:left", "/*/(*)", by="$1"), files("data:right", "/*/(*)", by="$1")),
]
STORES = memory_stores()


def version(name: str, content: dict[str, bytes]) -> Version:
    whole = {path: data for path, data in content.items() if not any(other.startswith(f"{path}/") for other in content)}
    empty = STORES.blobs.put_tree({})
    assert empty.files == 0
    tree = STORES.blobs.put_tree({path.rstrip("/"): data for path, data in whole.items() if path not in ("", "/")})
    draft = Draft(id=ids.new_id(), kind="data", name=name, digest=tree.digest, created_at_ms=1)
    return STORES.versions.publish([draft])[0]


@pytest.mark.parametrize("over", INPUTS, ids=lambda over: type(over).__name__ + str(getattr(over, "glob", "")))
@given(
    before=st.tuples(CONTENT, CONTENT), after=st.tuples(CONTENT, CONTENT), only_left=st.booleans(), state=st.randoms()
)
@settings(max_examples=25, deadline=None)
def test_work_found_by_changes_is_the_work_found_by_looking_at_all(over, before, after, only_left, state) -> None:
    definition = Definition(name="made", into="made", input=over, salt="s")
    addresses = [one.address for one in leaves_of(over)]
    old = {"data:left@main": version("left", before[0]), "data:right@main": version("right", before[1])}
    new = {"data:left@main": version("left", after[0]), "data:right@main": old["data:right@main"]}
    if not only_left:
        new["data:right@main"] = version("right", after[1])
    olds, news = ([some[address] for address in addresses] for some in (old, new))
    records = [
        Record(datum.id, datum.hash, "recovered" if state.random() < 0.2 else "done", datum.parts)
        for datum in find_datums(STORES, definition, olds)
    ]
    said = {"complete": True, "total": len(records), "sources": [one.id for one in olds]}

    def work(**more: str) -> Work:
        tree = STORES.blobs.put_tree(Known(STORES, None).changed(records, ()))
        draft = Draft(
            id=ids.new_id(), kind=KIND, name="made", digest=tree.digest, metadata={**said, **more}, created_at_ms=1
        )
        return find_work(STORES, definition, news, Known(STORES, STORES.versions.publish([draft])[0]))

    quick, slow = work(reads=reads_of(definition)), work()
    assert {datum.id: datum.hash for datum in quick.todo} == {datum.id: datum.hash for datum in slow.todo}
    assert (sorted(quick.gone), quick.total) == (sorted(slow.gone), slow.total)


def leaves_of(over):
    from tenfold.pipelines.datums.inputs import leaves

    return list(leaves(over))
