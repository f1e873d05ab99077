"""Arguments of a step as JSON, while some of them are not known yet.

A template is one of
    {"c": skeleton, "t": tree}          a constant, or a value known by now
    {"a": address, "v": version id, "d": digest}   an address that was a param, fixed to its version
    {"r": [key, output]}                what another place gives (output None: all it gives; a mapped place: a list)
    {"e": [key, output, index]}         one item of a list that another place gives
    {"l": [...]}, {"tu": [...]}, {"m": {name: ...}}    a list, tuple, dict with such things inside
    {"p": {name: ...}}                  all outputs of a step (`Parts`)
    {"o": [operator, ...]}              a comparison of such things
    {"w": [condition, then, otherwise]} one of two, as the condition comes out
    {"s": []}                           what became of the run, for a hook
`fill` replaces "r", "e", "o", "w" and "s" (which `lookup` gives for the key ""); what it gives holds no open place, and `make` turns that into the Python value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Blobs
from tenfold.pipelines.authoring.addresses import Exact
from tenfold.pipelines.authoring.building import Choice, Condition, Fixed, Handle, Open, Summary
from tenfold.pipelines.authoring.steps import Parts
from tenfold.pipelines.values import Value, keep, load
from tenfold.pipelines.values.keeping import CURE_OF_READERS, OpenBlobs

Template = dict[str, Any]
Lookup = Callable[[str, str | None], Template]
"""(key, output) → the filled template of what that place gave."""


def template(value: Any, blobs: OpenBlobs, *, what: str, allow_pickle: bool = False) -> Template:
    """The template of an argument given in a pipeline's body. Raises Invalid for a value that cannot be kept."""
    if isinstance(value, Fixed):
        return template(value.value, blobs, what=what, allow_pickle=allow_pickle)
    if isinstance(value, Handle):
        return {"r": [value.node.key, value.output]}
    if isinstance(value, Condition):
        sides = [value.left] if value.op == "not" else [value.left, value.right]
        return {"o": [value.op, *(template(side, blobs, what=what, allow_pickle=allow_pickle) for side in sides)]}
    if isinstance(value, Choice):
        parts = (value.condition, value.then, value.otherwise)
        return {"w": [template(part, blobs, what=what, allow_pickle=allow_pickle) for part in parts]}
    if isinstance(value, Summary):
        return {"s": []}
    if isinstance(value, Exact):
        return {"a": str(value), "v": value.version_id, "d": value.digest}
    if not _has_open(value):
        return value_template(keep(value, blobs, allow_pickle=allow_pickle, what=what).value)
    if isinstance(value, dict):
        return {
            "m": {str(key): template(item, blobs, what=what, allow_pickle=allow_pickle) for key, item in value.items()}
        }
    items = [template(item, blobs, what=what, allow_pickle=allow_pickle) for item in value]
    return {"tu" if isinstance(value, tuple) else "l": items}


def _has_open(value: Any) -> bool:
    if isinstance(value, (Open, Exact, Fixed)):
        return True
    if isinstance(value, dict):
        return any(_has_open(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_has_open(item) for item in value)


def value_template(value: Value) -> Template:
    """The template of a stored value."""
    return {"c": value.skeleton, "t": value.tree} if value.tree else {"c": value.skeleton}


def dependencies(given: Template) -> Iterator[str]:
    """Keys of the places a template waits for."""
    if "r" in given:
        yield given["r"][0]
    elif "e" in given:
        yield given["e"][0]
    else:
        for inner in _inner(given):
            yield from dependencies(inner)


def exact_versions(given: Template) -> Iterator[str]:
    """Ids of the versions that addresses in a template name."""
    if "a" in given:
        yield given["v"]
    for inner in _inner(given):
        yield from exact_versions(inner)


def _inner(given: Template) -> list[Template]:
    if "l" in given or "tu" in given:
        return list(given.get("l") or given.get("tu") or ())
    if "o" in given or "w" in given:
        return [inner for inner in given.get("o") or given["w"] if isinstance(inner, dict)]
    return list((given.get("m") or given.get("p") or {}).values())


def fill(given: Template, lookup: Lookup) -> Template:
    """The template with everything that was open filled in."""
    if "r" in given:
        whole, name = given["r"]
        return lookup(whole, name)
    if "s" in given:
        return lookup("", None)
    if "e" in given:
        key, output, index = given["e"]
        return item_of(lookup(key, output), int(index), what=key)
    for tag in ("l", "tu"):
        if tag in given:
            return {tag: [fill(item, lookup) for item in given[tag]]}
    if "o" in given:
        return {"c": compare(given, lookup)}
    if "w" in given:
        condition, then, otherwise = given["w"]
        return fill(then if holds(condition, lookup) else otherwise, lookup)
    for tag in ("m", "p"):
        if tag in given:
            return {tag: {name: fill(item, lookup) for name, item in given[tag].items()}}
    return given


def needed(given: Template, lookup: Lookup) -> Iterator[str]:
    """Keys of the places a template takes its value from: of a choice, those of the branch taken once that is known.

    Meant to be gone through one by one: what comes after a key is known only if that place gave its value.
    """
    if "w" in given:
        condition, then, otherwise = given["w"]
        yield from needed(condition, lookup)
        yield from needed(then if holds(condition, lookup) else otherwise, lookup)
    elif "r" in given or "e" in given:
        yield from dependencies(given)
    else:
        for inner in _inner(given):
            yield from needed(inner, lookup)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def compare(given: Template, lookup: Lookup) -> bool:
    """How a comparison comes out. Raises Invalid when its sides cannot be compared."""
    name, *sides = given["o"]
    if name == "not":
        return not holds(sides[0], lookup)
    if name in ("and", "or"):
        return (all if name == "and" else any)(holds(side, lookup) for side in sides)
    left, right = (_plain(side, lookup) for side in sides)
    try:
        return bool(_OPERATORS[name](left, right))
    except TypeError as error:
        raise Invalid(f"The condition compares {left!r} {name} {right!r}, which cannot be: {error}") from error


def holds(condition: Template, lookup: Lookup) -> bool:
    """Whether a condition, or the truth of a value, is so."""
    return compare(condition, lookup) if "o" in condition else bool(_plain(condition, lookup))


def _plain(given: Template, lookup: Lookup) -> Any:
    return make(fill(given, lookup), _no_blobs, None)


def _no_blobs() -> Blobs:
    raise Invalid("A condition compares numbers, texts and lists, not tables or files. Give it from a step of its own")


def items_of(filled: Template, *, what: str) -> list[Template]:
    """The items of a filled template that is a list. Raises Invalid when it is something else."""
    return [_member(filled, one) for one in _members(filled, what)]


def item_of(filled: Template, index: int, *, what: str) -> Template:
    """One of `items_of`, without making the others: a step mapped over 5,000 items asks for each alone."""
    return _member(filled, _members(filled, what)[index])


def _members(filled: Template, what: str) -> Sequence[Any]:
    for tag in ("l", "tu"):
        if tag in filled:
            members: list[Any] = filled[tag]
            return members
    skeleton = filled.get("c")
    if isinstance(skeleton, dict) and skeleton.get("$") == "tuple":
        skeleton = skeleton["v"]
    if isinstance(skeleton, dict) and skeleton.get("$") == "range":
        return range(*skeleton["v"])
    if not isinstance(skeleton, list):
        raise Invalid(f"{what} gave no list, so .map cannot go through it. Return a list or tuple")
    return skeleton


def _member(filled: Template, one: Any) -> Template:
    return {**filled, "c": one} if "c" in filled else one


def content(filled: Template) -> Any:
    """What of a filled template counts for a cache key: contents, not where they lie or what they are called."""
    if "c" in filled:
        return filled["c"]
    if "a" in filled:
        return {"$": "address", "v": filled["d"]}
    for tag in ("l", "tu"):
        if tag in filled:
            return {"$": tag, "v": [content(item) for item in filled[tag]]}
    tag = "m" if "m" in filled else "p"
    return {"$": tag, "v": {name: content(item) for name, item in filled[tag].items()}}


def content_digest(filled: Template) -> str:
    """The content of a filled template in 32 hex characters. The order of a dict's keys does not count."""
    data = canonical_json(content(filled))
    if b'"$":"dict"' in data:  # its pairs stand in the order they came; those of other dicts are sorted already
        data = canonical_json(_sorted_pairs(msgspec.json.decode(data)))
    return digest(data)[:32]


def _sorted_pairs(given: Any) -> Any:
    if isinstance(given, list):
        return [_sorted_pairs(item) for item in given]
    if not isinstance(given, dict):
        return given
    plain = {name: _sorted_pairs(item) for name, item in given.items()}
    if plain.get("$") == "dict" and isinstance(plain.get("v"), list):
        plain["v"] = sorted(plain["v"], key=canonical_json)
    return plain


def make(
    filled: Template,
    blobs: OpenBlobs,
    scratch: Path | None,
    *,
    allow_pickle: bool = False,
    what: str = "This value",
    cure: str = CURE_OF_READERS,
) -> Any:
    """The Python value of a filled template, in the process that runs the step. Raises Forbidden as `values.load` does."""

    def made(one: Template) -> Any:
        if "c" in one:
            value = Value(one["c"], one.get("t", ""))
            return load(value, blobs, scratch, allow_pickle=allow_pickle, what=what, cure=cure)
        if "a" in one:
            return one["a"]
        if "l" in one:
            return [made(item) for item in one["l"]]
        if "tu" in one:
            return tuple(made(item) for item in one["tu"])
        if "m" in one:
            return {name: made(item) for name, item in one["m"].items()}
        return Parts.of(list(one["p"]), [made(item) for item in one["p"].values()])

    return made(filled)
