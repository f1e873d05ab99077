"""Params by their annotations: what is given is checked and turned into what the signature says; the schema says the same."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from tenfold.base.errors import Invalid
from tenfold.cli.params import given_params
from tenfold.pipelines import Host, pipeline, step
from tenfold.pipelines.authoring.params import says
from tenfold.testing.stores import memory_stores


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Model:
    depth: int = 3
    rate: float = 0.1


class Limit:
    """As annotated_types has them."""

    ge, le = 1, 9


@step
def shown(value: object) -> str:
    return repr(value)


@pipeline
def train(
    count: int = 1,
    lr: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.1,
    fast: bool = False,
    name: str = "x",
    kind: Literal["a", "b"] = "a",
    colour: Colour = Colour.RED,
    sizes: list[int] | None = None,
    model: Model = Model(),
    since: datetime | None = None,
    source: Path = Path("data.csv"),
    folds: Annotated[int, Limit()] = 5,
    anything: Any = None,
    untyped=None,
):
    return shown([count, lr, fast, name, kind, colour, sizes, model, since, str(source), folds, anything, untyped])


GOOD = [
    ("count=5", "count", 5),
    ("lr=1", "lr", 1.0),
    ("lr=1e-3", "lr", 0.001),
    ("fast=true", "fast", True),
    ("name=5", "name", "5"),
    ('name="5"', "name", "5"),
    ("name=true", "name", "true"),
    ("kind=b", "kind", "b"),
    ("colour=blue", "colour", Colour.BLUE),
    ("sizes=[1,2]", "sizes", [1, 2]),
    ("sizes=1, 2", "sizes", [1, 2]),
    ("sizes=null", "sizes", None),
    ('model={"depth": 5}', "model", Model(5, 0.1)),
    ("model.rate=0.5", "model", Model(3, 0.5)),
    ("since=2026-01-31T12:00:00Z", "since", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ("source=other.csv", "source", Path("other.csv")),
    ("anything=[1]", "anything", [1]),
    ("untyped=text", "untyped", "text"),
]

BAD = [
    ("count=many", "count takes a whole number, not 'many'", "count=1"),
    ("count=1.5", "count takes a whole number, not 1.5", "count=1"),
    ("lr=2", "lr takes a number more than 0, at most 1, not 2", "lr=0.1"),
    ("fast=perhaps", "fast takes true or false, not 'perhaps'", "fast=false"),
    ("kind=c", "kind takes one of a, b, not 'c'", "kind=a"),
    ("colour=green", "colour takes one of", "colour=red"),
    ("sizes=1,two", "sizes takes a list of whole numbers or null", "sizes=[1,2]"),
    ("model.depth=deep", "model takes an object with depth, rate", "model="),
    ("folds=10", "folds takes a whole number from 1 to 9, not 10", "folds=5"),
    ("cuont=1", "unexpected keyword argument 'cuont'", "Its params: count, lr"),
    ("count", "has no name and value", "--param lr=0.1"),
]


def test_what_was_typed_becomes_what_the_signature_says():
    for typed, name, value in GOOD:
        found = given_params(train, (), (typed,))[name]
        assert found == value and type(found) is type(value), typed
    for typed, what, cure in BAD:
        with pytest.raises(Invalid) as refused:
            given_params(train, (), (typed,))
        assert what in str(refused.value) and cure in str(refused.value), typed


def test_values_given_in_python_are_checked_too_but_not_guessed(tmp_path):
    host = Host(memory_stores(), tmp_path)
    run = train.with_options(host=host).run(2, lr=1, colour=Colour.BLUE, model=Model(7), source=tmp_path / "a.csv")
    assert run.outputs().startswith("[2, 1.0, False, 'x', 'a', <Colour.BLUE: 'blue'>, None, Model(depth=7, rate=0.1)")
    for wrong in ({"count": "5"}, {"fast": 1}, {"name": 5}, {"folds": 0}, {"model": 3}):
        with pytest.raises(Invalid, match=next(iter(wrong))):
            train.bind((), wrong)


def test_config_files_lie_over_one_another_and_params_over_them(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "lr: 1e-2\ncount: 4\nmodel:\n  depth: 8\n  rate: 0.3\nsince: 2026-01-31T12:00:00Z\n"
    )
    (tmp_path / "prod.toml").write_text("count = 6\n[model]\nrate = 0.4\n")
    (tmp_path / "last.json").write_text('{"colour": "blue"}')
    files = tuple(tmp_path / name for name in ("base.yaml", "prod.toml", "last.json"))
    found = given_params(train, files, ("count=7",))
    assert found == {
        "lr": 0.01, "count": 7, "model": Model(8, 0.4), "since": datetime(2026, 1, 31, 12, tzinfo=UTC), "colour": Colour.BLUE,
    }  # fmt: skip
    (tmp_path / "bad.yaml").write_text("rate: 1\n")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "torn.toml").write_text("a = ")
    for name, said in (
        ("bad.yaml", "has 'rate'"),
        ("list.json", "no params by name"),
        ("torn.toml", "torn"),
        ("none", "be read"),
    ):
        with pytest.raises(Invalid, match=said):
            given_params(train, (tmp_path / name,), ())


def test_the_schema_of_the_params_is_kept_with_the_pipeline(tmp_path):
    host = Host(memory_stores(), tmp_path)
    train.with_options(host=host).run()
    schema = host.stores.versions.find("pipeline", "train").metadata["params"]
    assert schema["properties"]["lr"] == {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.1}
    assert schema["properties"]["folds"] == {"type": "integer", "minimum": 1, "maximum": 9, "default": 5}
    assert schema["properties"]["source"] == {"type": "string", "format": "path", "default": "data.csv"}
    assert schema["properties"]["untyped"] == {"default": None} and "required" not in schema
    assert schema["properties"]["model"]["default"] == {"depth": 3, "rate": 0.1}
    assert schema["$defs"]["Colour"]["enum"] == ["blue", "red"]
    assert says(list[int]) == "a list of whole numbers" and says(Model) == "an object with depth, rate"


@pytest.mark.parametrize("tag", ["enum", "dataclass", "struct", "flag", "namedtuple"])
def test_a_param_imports_no_module_that_whoever_gives_it_chose(tmp_path, monkeypatch, tag):
    (tmp_path / "planted_module.py").write_text("import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    given = {"$": "tuple", "v": [{"$": tag, "type": "planted_module:Colour", "v": "RED"}]}  # as a webhook may bring it
    with pytest.raises(Invalid):
        train.bind((), {"sizes": given})
    assert not (tmp_path / "planted_module.ran").exists()
    known = {"$": "enum", "type": f"{__name__}:Colour", "v": "BLUE"}
    assert train.bind((), {"colour": known})["colour"] is Colour.BLUE
