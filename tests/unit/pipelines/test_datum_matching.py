"""Which datums there are: globs over files and folders, and how inputs combine."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base.errors import Invalid
from tenfold.pipelines.datums import cross, files, group, join, union
from tenfold.pipelines.datums.combining import datums_of
from tenfold.pipelines.datums.inputs import checked
from tenfold.pipelines.datums.matching import Match, match
from tenfold.records import Entry

TREE = [
    Entry(path, digest=path, size_bytes=1) for path in sorted(["a.png", "b.txt", "d/e/f.png", "d/x.png", "d-1/y.png"])
]


def paths(glob: str) -> list[str]:
    return [found.path for found in match(glob, TREE)]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("/", [""]),
        ("/*", ["a.png", "b.txt", "d", "d-1"]),
        ("/*/", ["a.png", "b.txt", "d", "d-1"]),
        ("/*/*", ["d-1/y.png", "d/e", "d/x.png"]),
        ("/**", ["a.png", "b.txt", "d", "d-1", "d-1/y.png", "d/e", "d/e/f.png", "d/x.png"]),
        ("/**.png", ["a.png", "d-1/y.png", "d/e/f.png", "d/x.png"]),
        ("/**/*.png", ["a.png", "d-1/y.png", "d/e/f.png", "d/x.png"]),
        ("/*.png", ["a.png"]),
        ("/*.{png,txt}", ["a.png", "b.txt"]),
        ("/[ab].*", ["a.png", "b.txt"]),
        ("/[!a].*", ["b.txt"]),
        ("/?", ["d"]),
        ("/d/(x|q).png", ["d/x.png"]),
        ("/nothing", []),
    ],
)
def test_a_glob_matches_files_and_folders_as_pachyderm_s_does(glob: str, expected: list[str]) -> None:
    assert paths(glob) == expected


def test_an_empty_dataset_has_no_datum_even_for_all_of_it() -> None:
    assert match("/", []) == []


def test_the_content_of_a_folder_follows_from_all_below_it_and_from_nothing_beside_it() -> None:
    def content(entries: list[Entry]) -> str:
        return next(found.content for found in match("/*", entries) if found.path == "d")

    before = content(TREE)
    changed = [e if e.path != "d/e/f.png" else Entry(e.path, digest="other", size_bytes=1) for e in TREE]
    beside = [e if e.path != "d-1/y.png" else Entry(e.path, digest="other", size_bytes=1) for e in TREE]
    moved = [e if e.path != "d/x.png" else Entry("d/xx.png", digest=e.digest, size_bytes=1) for e in TREE]
    assert content(beside) == before
    assert before not in (content(changed), content(moved))


def matches(*keys: str) -> list[Match]:
    return [Match(f"{key}-{number}", f"c{key}{number}", 1, (key,)) for number, key in enumerate(keys)]


def rows(given_input, *sides: list[Match]) -> list[set[str]]:
    found = datums_of(given_input, lambda number, _: sides[number], salt="s")
    return [{f"{part.name}:{part.path}" for part in datum.parts} for datum in found]


A, B, C = (files(f"data:{name}", "/(*)-*", on="$1", by="$1") for name in "abc")


def test_cross_takes_each_with_each_and_union_takes_all() -> None:
    assert rows(cross(A, union(B, C)), matches("x", "y"), matches("u"), matches("v")) == [
        {"a:x-0", "b:u-0"}, {"a:x-0", "c:v-0"}, {"a:y-1", "b:u-0"}, {"a:y-1", "c:v-0"},
    ]  # fmt: skip


def test_a_join_pairs_equal_keys_and_leaves_out_what_has_no_partner() -> None:
    assert rows(join(A, B), matches("x", "y", "x"), matches("x", "z")) == [{"a:x-0", "b:x-0"}, {"a:x-2", "b:x-0"}]


def test_an_outer_side_of_a_join_stands_alone_where_another_side_has_nothing() -> None:
    outer = files("data:a", "/(*)-*", on="$1", outer=True)
    assert rows(join(outer, B), matches("x", "y"), matches("x", "z")) == [{"a:x-0", "b:x-0"}, {"a:y-1"}]


def test_a_group_is_one_datum_a_key_with_the_files_of_all_sides() -> None:
    assert rows(group(A, B), matches("x", "y", "x"), matches("x")) == [{"a:x-0", "a:x-2", "b:x-0"}, {"a:y-1"}]


@given(st.lists(st.sampled_from("xyz"), max_size=6), st.lists(st.sampled_from("xyz"), max_size=6))
def test_a_join_has_as_many_datums_as_there_are_pairs_with_one_key(left: list[str], right: list[str]) -> None:
    one, other = Counter(left), Counter(right)
    assert len(rows(join(A, B), matches(*left), matches(*right))) == sum(one[key] * other[key] for key in one)


@given(st.permutations(range(4)))
def test_ids_and_hashes_do_not_depend_on_the_order_of_inputs_or_matches(order: list[int]) -> None:
    sides = [matches("x", "y", "x", "z"), matches("x")]
    straight = datums_of(cross(A, B), lambda number, _: sides[number], salt="s")
    turned = datums_of(cross(B, A), lambda number, _: [[sides[1][0]], [sides[0][i] for i in order]][number], salt="s")
    assert {(d.id, d.hash) for d in straight} == {(d.id, d.hash) for d in turned}


def test_the_id_follows_from_names_and_the_hash_also_from_contents_and_salt() -> None:
    def one(content: str, salt: str):
        return datums_of(A, lambda *_: [Match("p", content, 1, ("k",))], salt=salt)[0]

    assert one("c", "s").id == one("d", "t").id
    assert len({one("c", "s").hash, one("d", "s").hash, one("c", "t").hash}) == 3


def test_what_cannot_be_an_input_is_said() -> None:
    with pytest.raises(Invalid, match="has not"):
        files("data:a", "/*", on="$1")
    with pytest.raises(Invalid, match="on='\\$1'"):
        join(files("data:a", "/(*)"))
    with pytest.raises(Invalid, match="called 'a'"):
        checked(cross(A, files("data:a", "/*")))
    with pytest.raises(Invalid, match="no dataset"):
        files("model:a@champion", "/*")
