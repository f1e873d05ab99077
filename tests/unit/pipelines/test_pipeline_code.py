"""What counts as a step's code: everything of the project it reaches, and nothing of how it is written."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap

import pytest

from tenfold.base.errors import Invalid
from tenfold.pipelines import load_pipeline
from tenfold.pipelines.caching.code import code_digest, step_source

BASE = """
import helper_module
from helper_module import from_import, Helper
from tenfold.pipelines import step

CONSTANT = 3

def near(x):
    return x + CONSTANT

def factory(bonus):
    @step
    def made(x):
        return x + bonus
    return made

made = factory(5)

@step(retries=1)
def subject(x, y=2):
    '''What it does.'''
    from second_helper import inside
    inside()
    return near(x) + helper_module.by_attribute(y) + from_import(x) + Helper().go()

@step
def bystander(x):
    return x
"""

HELPER = """
FACTOR = 2

def by_attribute(x):
    return x * FACTOR

def from_import(x):
    return x

def never_used():
    return 1

class Base:
    def base(self):
        return 1

class Helper(Base):
    def go(self):
        return deeper()

def deeper():
    return 7
"""

SECOND = """
def inside():
    return 1
"""


@pytest.fixture
def digest_of(tmp_path, monkeypatch):
    """Digest of a step of the project after some edits: {file: [(old, new), …]}."""
    monkeypatch.syspath_prepend(str(tmp_path))
    count = iter(range(100))

    def digest(edits: dict[str, list[tuple[str, str]]] | None = None, name: str = "subject") -> str:
        for module, text in (("subject_module", BASE), ("helper_module", HELPER), ("second_helper", SECOND)):
            for old, new in (edits or {}).get(module, []):
                assert old in text
                text = text.replace(old, new)
            (tmp_path / f"{module}.py").write_text(textwrap.dedent(text) + f"# {next(count)}\n" * 2)
            sys.modules.pop(module, None)
        importlib.invalidate_caches()
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        try:
            return code_digest(getattr(importlib.import_module("subject_module"), name))
        finally:
            sys.dont_write_bytecode = before

    yield digest
    for module in ("subject_module", "helper_module", "second_helper"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("subject_module", "near(x) + helper", "near(x) - helper"),
        ("subject_module", "return x + CONSTANT", "return x * CONSTANT"),
        ("subject_module", "CONSTANT = 3", "CONSTANT = 4"),
        ("subject_module", "y=2", "y=3"),
        ("helper_module", "FACTOR = 2", "FACTOR = 5"),
        ("helper_module", "return x * FACTOR", "return FACTOR * x"),
        ("helper_module", "def from_import(x):\n    return x", "def from_import(x):\n    return -x"),
        ("helper_module", "return 7", "return 8"),
        ("helper_module", "def base(self):\n        return 1", "def base(self):\n        return 2"),
        ("second_helper", "return 1", "return 2"),
    ],
)
def test_a_change_of_anything_reached_changes_the_digest(digest_of, module, old, new):
    assert digest_of() != digest_of({module: [(old, new)]})


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("subject_module", "'''What it does.'''", "'''Says it otherwise.'''"),
        ("subject_module", "    return near(x) +", "    # a comment\n\n    return near( x )  +"),
        ("subject_module", "@step(retries=1)", "@step(retries=5, timeout_s=9)"),
        ("subject_module", "def bystander(x):\n    return x", "def bystander(x):\n    return -x"),
        ("helper_module", "def never_used():\n    return 1", "def never_used():\n    return 2"),
    ],
)
def test_what_is_not_reached_or_only_written_otherwise_does_not_count(digest_of, module, old, new):
    assert digest_of() == digest_of({module: [(old, new)]})


def test_a_closure_counts_by_its_value(digest_of):
    assert digest_of(name="made") != digest_of({"subject_module": [("factory(5)", "factory(6)")]}, name="made")


def test_the_source_of_a_step_is_shown_with_its_decorator(digest_of):
    digest_of()
    source = step_source(sys.modules["subject_module"].subject)
    assert source.startswith("@step(retries=1)\ndef subject") and source.endswith("Helper().go()")


def test_the_digest_of_a_step_does_not_import_the_libraries_it_would_use(tmp_path):
    (tmp_path / "lazy_step.py").write_text(
        "import tenfold.pipelines as p\n"
        "@p.step\ndef fit() -> int:\n    from sqlite3.dbapi2 import connect\n    from wsgiref.util import guess_scheme\n    return 1\n"
    )
    code = (
        "import sys\nimport lazy_step\nfrom tenfold.pipelines.caching.code import code_digest\ncode_digest(lazy_step.fit)\n"
        "print('wsgiref' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_here\n", "line 1: ModuleNotFoundError"),
        ("\ndef x(:\n", "line 2"),
        ("1/0\n", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_imported_is_said_with_its_line(tmp_path, text, said):
    (tmp_path / "unimportable.py").write_text(text)
    with pytest.raises(Invalid, match=said):
        load_pipeline(str(tmp_path / "unimportable.py"))
