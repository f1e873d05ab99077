"""DVC's files to the byte, held against ruamel.yaml, which dvc writes them with, and against what dvc 3.67 printed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tenfold.base.errors import Damaged, Invalid
from tenfold.doors.dvc.content.objects import decode_folder, encode_folder
from tenfold.doors.dvc.files import templates, yaml12
from tenfold.doors.dvc.files.ignoring import rule_of

TEXTS = st.one_of(
    st.text(alphabet="ab1 .:#-_'\"\n\t{}[],&*!|>%@`\\/~=?é日e+0", max_size=60),
    st.sampled_from(
        ["yes", "no", "on", "null", "~", "", "1e5", "1_0", "0x1f", "0o17", "2024-01-02", "12:30:45", "=", "<<", ".inf"]
    ),
)
SCALARS = st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def _ruamel(value: Any) -> str:
    editor = YAML()
    editor.default_flow_style = False
    stream = io.StringIO()
    editor.dump(value, stream)
    return stream.getvalue()


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3))
def test_yaml_is_written_and_read_as_dvc_does(value: dict[str, Any]) -> None:
    text = _ruamel(value)
    assert yaml12.dump(value) == text
    assert yaml12.load(text) == YAML(typ="safe").load(text)


def test_a_file_without_quotes_is_written_without_ruamel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml12, "_editor", lambda: pytest.fail("ruamel.yaml was asked"))
    value = {
        "outs": [{"md5": "b1946ac92492d2347c6235b4d2611184", "size": 6, "hash": "md5", "path": "data/raw file.csv"}]
    }
    assert yaml12.dump(value) == (
        "outs:\n- md5: b1946ac92492d2347c6235b4d2611184\n  size: 6\n  hash: md5\n  path: data/raw file.csv\n"
    )


def test_what_is_not_yaml_is_named_with_its_line() -> None:
    with pytest.raises(Invalid, match="line 2, column"):
        yaml12.load("a: 1\n b: [\n", "dvc.yaml")


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(
            lambda name: "/" not in name and "\x00" not in name and name not in ("..", ".") and name.isprintable()
        ),
        st.sampled_from(["a" * 32, "b" * 32]),
    )
)
def test_a_folders_object_reads_back(files: dict[str, str]) -> None:
    name, data = encode_folder(files)
    assert decode_folder(data, name) == files


def test_a_folders_object_is_that_of_dvc() -> None:
    name, data = encode_folder(
        {"sub/ü.txt": "c5053d4da03789bfbc4bee760fade936", "a.txt": "60b725f10c9c85c70d97880dfe8191b3"}
    )
    assert name == "51d1f75b9f317d95d00c0ace63627226.dir"
    assert data.endswith(b'"relpath": "sub/\\u00fc.txt"}]')


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//x", "x\x00"])
def test_a_folders_object_with_a_path_that_leads_out_is_refused(path: str) -> None:
    data = encode_folder({path: "a" * 32})[1]
    with pytest.raises(Damaged):
        decode_folder(data, "x.dir")


@pytest.mark.parametrize(
    ("line", "path", "is_folder", "matches"),
    [
        ("*.tmp", "a/b.tmp", False, True),
        ("/top", "top", False, True),
        ("/top", "a/top", False, False),
        ("a/b", "x/a/b", False, False),
        ("build/", "x/build", True, True),
        ("build/", "x/build", False, False),
        ("**/logs", "a/b/logs", True, True),
        ("a/**", "a/b/c", False, True),
        ("a/**/z", "a/z", False, True),
        ("f?o[0-9]", "fxo7", False, True),
        ("f[!a]o", "fao", False, False),
        (r"\#x", "#x", False, True),
        ("a b", "a b", False, True),
    ],
)
def test_patterns_are_those_of_git(line: str, path: str, is_folder: bool, matches: bool) -> None:
    rule = rule_of(line)
    assert rule is not None
    pattern, ignores, folders_only = rule
    assert ignores
    assert bool((is_folder or not folders_only) and pattern.fullmatch(path)) == matches


def test_templates_fill_in_texts_options_and_whole_values() -> None:
    values = {
        "lr": 0.1,
        "on": True,
        "list": [1, {"x": "y"}],
        "opts": {"name": "a b", "flag": True, "off": False, "n": [1, 2]},
    }
    assert templates.resolve("${list[1].x}-${lr}-${on}", values, "here") == "y-0.1-true"
    assert templates.resolve("${on}", values, "here") is True
    assert templates.resolve(r"\${HOME}", values, "here") == "${HOME}"
    assert templates.resolve_command("run ${opts}", values, "here") == "run --name 'a b' --flag --n 1 2"
    with pytest.raises(Invalid, match="no 'nope'"):
        templates.resolve("${nope}", values, "stage 'x'")
    with pytest.raises(Invalid, match="only texts"):
        templates.resolve("a ${list}", values, "stage 'x'")
