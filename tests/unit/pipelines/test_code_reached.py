"""A table of edits to a project: those that a step can feel change the digest of its code, the others do not."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest

from tenfold.pipelines.caching.code import code_digest, reached

PROJECT = {
    "flowcase.py": """
import functools
import re
import json as js
import toolbox
import toolbox.deep.inner as renamed
from toolbox import lazy, registry
from toolbox.shapes import Square as Shape, make_shape as build
from toolbox.deco import scaled, counted
from toolbox.settings import SETTINGS, LIMITS as bounds
from tenfold.pipelines import step
from tenfold.pipelines import step as task

PATTERN = re.compile("a+")
RATES = {"low": 1.0, 2: "two", "deep": {"a": [1, 2]}}
TAGS = {"x", "y", "z"}
NOT = float("nan")
TABLE = {"up": toolbox.up, "down": toolbox.down}
CHAIN = [toolbox.first, functools.partial(toolbox.second, 3)]
SHAPES = (Shape, toolbox.shapes.Circle)
pick = lambda item: item["rate"] * 2
COUNTER = toolbox.Counter(limit=5)
run_counter = COUNTER.count
SIZE = 1e3

def outer(x, *, bonus=4):
    def inner(y):
        def innermost(z):
            return z + toolbox.nested(z)
        return innermost(y)
    return inner(x) + bonus

@scaled(factor=3)
def times(x):
    return x + toolbox.under_decorator(x)

@functools.lru_cache
def remembered(x):
    return x + 1

@functools.singledispatch
def dispatch(x):
    return 0

@dispatch.register
def _(x: int):
    return toolbox.for_int(x)

def recursive(n):
    return 1 if n < 2 else n * recursive(n - 1)

@task(retries=2)
@counted
def subject(x: Shape, size=SIZE):
    '''What it does.'''
    import toolbox.local as place
    from toolbox.deep import other
    import importlib
    spare = importlib.import_module("toolbox.named")
    found = [pick(x), RATES, TAGS, NOT, TABLE["up"](1), CHAIN[1](2), SHAPES[0](), PATTERN.match("a")]
    found += [outer(1), times(2), remembered(3), dispatch(4), recursive(5), build(6), SETTINGS.rate, bounds]
    found += [place.here(), other.there(), spare.anything(), renamed.value(), lazy.by_name("hidden"), run_counter()]
    found += [registry.PLUGINS["one"](), toolbox.deep.inner.second_value(), x.area(), js.dumps({})]
    return found if x in {"a", "b", "c"} else [len(found), 0.5, 10_000]

@step
def bystander(x):
    return x
""",
    "toolbox/__init__.py": """
from toolbox import shapes, deep, unused
def up(x): return x + 1
def down(x): return x - 1
def first(x): return x
def second(a, b): return a + b
def nested(x): return x
def under_decorator(x): return x
def for_int(x): return x
def never(x): return x
class Counter:
    step = 2
    def __init__(self, limit):
        self.limit = limit
    def count(self): return self.limit * factor()
def factor(): return 2
""",
    "toolbox/shapes.py": """
import abc
from dataclasses import dataclass, field
SIDES = 4
def empty(): return [0]
class Base(abc.ABC):
    def area(self): return self.width() ** 2
    @property
    def half(self): return halved(1)
    @staticmethod
    def fixed(): return 11
@dataclass
class Square(Base):
    side: float = 1.5
    sides: int = SIDES
    parts: list = field(default_factory=empty)
    def width(self): return self.side
    class Inner:
        def deep(self): return 12
class Circle:
    def area(self): return 3.14
def halved(x): return x / 2
def make_shape(x): return Square(x)
""",
    "toolbox/deco.py": """
import functools
def scaled(factor):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args) * factor + offset()
        return wrapper
    return decorate
def offset(): return 1
def counted(function):
    def call(*args, **kwargs):
        return function(*args, **kwargs), 100
    return call
""",
    "toolbox/settings.py": """
import types
def read(): return {"rate": 0.1}
SETTINGS = types.SimpleNamespace(**read())
SETTINGS.depth = 3
LIMITS = [1, 2]
OTHER = 9
""",
    "toolbox/lazy.py": """
import sys
def by_name(name): return getattr(sys.modules[__name__], "hidden")()
def hidden(): return 5
""",
    "toolbox/registry.py": """
PLUGINS = {}
def register(name):
    def put(function):
        PLUGINS[name] = function
        return function
    return put
@register("one")
def one(): return 21
@register("two")
def two(): return 22
""",
    "toolbox/local.py": "def here(): return 31\ndef unused(): return 32\n",
    "toolbox/named.py": "def anything(): return 41\n",
    "toolbox/unused.py": "def never(): return 51\n",
    "toolbox/deep/__init__.py": "from toolbox.deep import inner\n",
    "toolbox/deep/inner.py": "def value(): return 61\ndef second_value(): return 62\ndef third(): return 63\n",
    "toolbox/deep/other.py": "from . import inner\ndef there(): return inner.third()\n",
}

FELT = [
    ("flowcase.py", "found = [pick(x)", "found = [1, pick(x)"),
    ("flowcase.py", 're.compile("a+")', 're.compile("b+")'),
    ("flowcase.py", 're.compile("a+")', 're.compile("a+", re.I)'),
    ("flowcase.py", '"low": 1.0', '"low": 1.5'),
    ("flowcase.py", "[1, 2]}}", "[2, 1]}}"),
    ("flowcase.py", '2: "two"', '2: "zwei"'),
    ("flowcase.py", '"y", "z"}', '"y", "w"}'),
    ("flowcase.py", 'float("nan")', "0.0"),
    ("flowcase.py", '"up": toolbox.up', '"up": toolbox.down'),
    ("flowcase.py", "toolbox.second, 3", "toolbox.second, 4"),
    ("flowcase.py", 'item["rate"] * 2', 'item["rate"] * 3'),
    ("flowcase.py", "limit=5", "limit=6"),
    ("flowcase.py", "SIZE = 1e3", "SIZE = 1e4"),
    ("flowcase.py", "bonus=4", "bonus=5"),
    ("flowcase.py", "return z + toolbox", "return z - toolbox"),
    ("flowcase.py", "factor=3", "factor=2"),
    ("flowcase.py", "def remembered(x):\n    return x + 1", "def remembered(x):\n    return x + 2"),
    ("flowcase.py", "n * recursive", "n + recursive"),
    ("flowcase.py", '{"a", "b", "c"}', '{"a", "b", "d"}'),
    ("flowcase.py", "import Square as Shape", "import Circle as Shape"),
    ("flowcase.py", "import json as js", "import pickle as js"),
    ("flowcase.py", "LIMITS as bounds", "OTHER as bounds"),
    ("flowcase.py", "import toolbox.local as place", "import toolbox.shapes as place"),
    ("toolbox/__init__.py", "def up(x): return x + 1", "def up(x): return x + 2"),
    ("toolbox/__init__.py", "def down(x): return x - 1", "def down(x): return x - 2"),
    ("toolbox/__init__.py", "return a + b", "return a * b"),
    ("toolbox/__init__.py", "def nested(x): return x", "def nested(x): return -x"),
    ("toolbox/__init__.py", "def under_decorator(x): return x", "def under_decorator(x): return -x"),
    ("toolbox/__init__.py", "def for_int(x): return x", "def for_int(x): return -x"),
    ("toolbox/__init__.py", "def factor(): return 2", "def factor(): return 3"),
    ("toolbox/__init__.py", "step = 2", "step = 3"),
    ("toolbox/shapes.py", "** 2", "** 3"),
    ("toolbox/shapes.py", "SIDES = 4", "SIDES = 5"),
    ("toolbox/shapes.py", "return [0]", "return [1]"),
    ("toolbox/shapes.py", "return x / 2", "return x / 3"),
    ("toolbox/shapes.py", "return 11", "return 12"),
    ("toolbox/shapes.py", "return 12", "return 13"),
    ("toolbox/shapes.py", "side: float = 1.5", "side: float = 2.5"),
    ("toolbox/shapes.py", "return 3.14", "return 3.1"),
    ("toolbox/shapes.py", "return Square(x)", "return Square(x + 1)"),
    ("toolbox/deco.py", "* factor + offset()", "* factor - offset()"),
    ("toolbox/deco.py", "def offset(): return 1", "def offset(): return 2"),
    ("toolbox/deco.py", ", 100", ", 101"),
    ("toolbox/settings.py", '"rate": 0.1', '"rate": 0.2'),
    ("toolbox/settings.py", "SETTINGS.depth = 3", "SETTINGS.depth = 4"),
    ("toolbox/settings.py", "LIMITS = [1, 2]", "LIMITS = [1, 3]"),
    ("toolbox/lazy.py", "return 5", "return 6"),
    ("toolbox/registry.py", "return 21", "return 23"),
    ("toolbox/local.py", "return 31", "return 33"),
    ("toolbox/deep/inner.py", "return 61", "return 64"),
    ("toolbox/deep/inner.py", "return 62", "return 64"),
    ("toolbox/deep/inner.py", "return 63", "return 64"),
    ("toolbox/deep/other.py", "return inner.third()", "return -inner.third()"),
    ("toolbox/named.py", "return 41", "return 42"),
]

NOT_FELT = [
    ("flowcase.py", "'''What it does.'''", "'''Says it otherwise.'''"),
    ("flowcase.py", "    return found if", "\n    # a comment\n    return   found if"),
    ("flowcase.py", "return z + toolbox.nested(z)", "return (z + toolbox.nested( z ))  # so"),
    ("flowcase.py", "@task(retries=2)", "@task(retries=5, timeout_s=9)"),
    ("flowcase.py", "def bystander(x):\n    return x", "def bystander(x):\n    return -x"),
    ("flowcase.py", '{"x", "y", "z"}', '{"z", "y", "x"}'),
    ("flowcase.py", '{"low": 1.0, 2: "two", ', '{2: "two", "low": 1.0, '),
    ("flowcase.py", "SIZE = 1e3", "SIZE = 1000.0"),
    ("flowcase.py", "0.5, 10_000", ".50, 10000"),
    ("flowcase.py", 'float("nan")', 'float("NaN")'),
    ("flowcase.py", "pick = lambda item: item[", "pick = lambda item:   item["),
    ("toolbox/__init__.py", "def never(x): return x", "def never(x): return -x"),
    ("toolbox/unused.py", "return 51", "return 52"),
    ("toolbox/local.py", "return 32", "return 33"),
    ("toolbox/settings.py", "OTHER = 9", "OTHER = 10"),
]


def write(folder, edit=None) -> None:
    for name, text in PROJECT.items():
        if edit and edit[0] == name:
            assert text.count(edit[1]) >= 1, edit
            text = text.replace(edit[1], edit[2])
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("flowcase", "toolbox")]:
        del sys.modules[name]


@pytest.fixture
def digest_of(tmp_path, monkeypatch):
    """The digest of `subject` after one edit, each in a folder of its own."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    count = iter(range(10_000))

    def digest(edit=None) -> str:
        folder = tmp_path / str(next(count))
        write(folder, edit)
        with monkeypatch.context() as patched:
            patched.syspath_prepend(str(folder))
            forget()
            try:
                return code_digest(importlib.import_module("flowcase").subject)
            finally:
                forget()

    return digest


def test_whatever_a_step_can_feel_changes_its_digest_and_nothing_else_does(digest_of):
    base = digest_of()
    assert digest_of() == base
    assert [edit for edit in FELT if digest_of(edit) == base] == []
    assert [edit for edit in NOT_FELT if digest_of(edit) != base] == []


def test_the_digest_is_the_same_in_every_process(tmp_path):
    write(tmp_path)
    script = (
        "import flowcase\nfrom tenfold.pipelines.caching.code import code_digest\nprint(code_digest(flowcase.subject))"
    )
    found = set()
    for seed in ("1", "2", "3"):
        env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONHASHSEED": seed}
        found.add(
            subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True).stdout
        )
    assert len(found) == 1


def test_what_cannot_be_followed_is_said(tmp_path, monkeypatch):
    (tmp_path / "blindcase.py").write_text(
        "import importlib\nfrom tenfold.pipelines import step\n\n@step\ndef subject(name):\n"
        "    eval('1')\n    return importlib.import_module(name).go()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert reached(importlib.import_module("blindcase").subject).blind == [
        "blindcase, line 6 runs a text as code (eval)",
        "blindcase, line 7 imports a module whose name is known only when it runs",
    ]
    sys.modules.pop("blindcase")
