"""One parser for the addresses of everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base import ids
from tenfold.base.addresses import Address, check_path, check_ref, parse
from tenfold.base.errors import InvalidAddress

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,20}", fullmatch=True)
REFS = st.from_regex(r"[A-Za-uw-z][A-Za-z._+-]{0,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:flights@main", Address("data", "flights", ref="main")),
        ("data:flights@v3", Address("data", "flights", number=3)),
        ("model:delay@12", Address("model", "delay", number=12)),
        ("model:delay@champion", Address("model", "delay", ref="champion")),
        ("report:delay-drift@latest", Address("report", "delay-drift", ref="latest")),
        ("data:flights", Address("data", "flights")),
        ("data:flights@main/2013-01.parquet", Address("data", "flights", ref="main", path="2013-01.parquet")),
    ],
)
def test_each_form_of_the_design_is_read(text, expected):
    assert parse(text) == expected


def test_a_run_is_named_by_its_id():
    id_ = ids.new_id()
    assert parse(f"run:{id_}") == Address("run", id_)


@given(NAMES, REFS)
def test_what_is_printed_is_read_back(name, ref):
    address = Address("data", name, ref=ref)
    assert parse(str(address)) == address


def test_a_command_may_leave_its_own_kind_out():
    assert parse("flights@v2", default_kind="data") == Address("data", "flights", number=2)


@pytest.mark.parametrize(
    "text",
    ["", "flights", ":x", "data:", "data:a/b", "data:../x", "run:123", "data:flights@", "data:flights@a b", "Data:x",
     "data:flights@main/../secret", "data:flights@main//x", "data:flights@v0x@1", "data:" + "x" * 300],
)  # fmt: skip
def test_a_wrong_address_is_refused_with_the_text_and_a_cure(text):
    with pytest.raises(InvalidAddress) as caught:
        parse(text)
    assert caught.value.field in ("address", "name", "path")


@pytest.mark.parametrize("ref", ["v3", "3", "latest", "", "a b", "../x"])
def test_a_ref_never_looks_like_a_number(ref):
    with pytest.raises(InvalidAddress, match="release-1"):
        check_ref(ref)


@pytest.mark.parametrize("path", ["/etc/passwd", "a/../b", "..", "a\\b", "a\0b", "", "./a", "a//b"])
def test_a_path_stays_inside_its_folder(path):
    with pytest.raises(InvalidAddress):
        check_path(path)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_cleanly(text):
    try:
        parse(text, default_kind="data")
    except InvalidAddress as error:
        assert str(error)
