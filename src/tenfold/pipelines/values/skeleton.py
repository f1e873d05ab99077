"""From a Python value to JSON and back, exactly: what JSON cannot say is tagged `{"$": tag, "v": …}`.

Handled here: None, booleans, numbers (NaN, infinities, any size), strings, bytes, lists, tuples, sets, dicts with any
keys, the standard library's other containers, dates and times, zones, decimals, fractions, UUIDs, enums, paths that do not exist, dataclasses, msgspec structs, named tuples,
NumPy and pandas scalars, arrays of objects. Everything else is a part, given to `keep_part`.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import importlib
import math
import sys
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.hashing import canonical_json
from tenfold.pipelines.values.containers import BY_TAG as _BY_TAG
from tenfold.pipelines.values.containers import CONTAINERS
from tenfold.pipelines.values.scalars import PANDAS_SCALARS, PENDULUM_SCALARS, READ, SIMPLE, write_pendulum

KeepPart = Callable[[Any], Any]
"""Keeps a value beside the skeleton; gives its leaf, or raises Invalid."""
LoadPart = Callable[[Any], Any]
"""Gives the value of a leaf back."""

PART = "part"


def encode(value: Any, keep_part: KeepPart) -> Any:
    """The skeleton of a value. Raises Invalid for a value that refers to itself, and what `keep_part` raises."""
    try:
        return _encode(value, keep_part)
    except RecursionError:
        raise Invalid("A value that contains itself cannot be kept. Return a plain list, dict or table") from None


def _encode(value: Any, keep_part: KeepPart) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return value if value.isascii() or _is_unicode(value) else _tag("text", _unpaired(value))
    if kind is int:
        return value if -(2**63) <= value < 2**63 else _tag("int", str(value))
    if kind is float:
        return value if math.isfinite(value) else _tag("float", repr(value))
    if kind is list:
        return [_encode(item, keep_part) for item in value]
    if kind is dict:
        if all(type(key) is str for key in value) and "$" not in value:
            return {key: _encode(item, keep_part) for key, item in value.items()}
        return _tag("dict", [[_encode(k, keep_part), _encode(v, keep_part)] for k, v in value.items()])
    if kind in SIMPLE:
        tag, write = SIMPLE[kind]
        return _tag(tag, write(value))
    if kind is tuple:
        return _tag("tuple", [_encode(item, keep_part) for item in value])
    if kind in (set, frozenset):
        return _tag(kind.__name__, sorted((_encode(item, keep_part) for item in value), key=canonical_json))
    if kind is range:
        return _tag("range", [value.start, value.stop, value.step])
    return _encode_by_class(value, keep_part)


def _encode_by_class(value: Any, keep_part: KeepPart) -> Any:
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if isinstance(value, enum.Flag):  # a combination may have no name
        return {"$": "flag", "type": type_name(kind), "v": value.value}
    if isinstance(value, enum.Enum):
        return {"$": "enum", "type": type_name(kind), "v": value.name}
    if kind in CONTAINERS:
        tag, write, _ = CONTAINERS[kind]
        return _tag(tag, _encode(write(value), keep_part))
    if kind is ndarray_type() and value.dtype.kind == "O" and value.dtype.names is None:
        flat = [_encode(item, keep_part) for item in value.ravel().tolist()]
        return _tag("objects", [list(value.shape), flat])
    if root == "numpy" and hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0 and not value.dtype.hasobject:
        if hasattr(value, "tobytes") and kind.__name__ != "ndarray":
            return {"$": "numpy", "type": value.dtype.str, "v": base64.b64encode(value.tobytes()).decode()}
        return keep_part(value)
    if root == "pandas" and kind.__name__ in PANDAS_SCALARS:
        return _tag("pandas", PANDAS_SCALARS[kind.__name__](value))
    if root == "pendulum" and kind.__name__ in PENDULUM_SCALARS:
        return _tag("pendulum", write_pendulum(value))
    if isinstance(value, PurePath):
        if not isinstance(value, Path):
            return _tag("pure path", [kind.__name__, str(value)])
        return keep_part(value) if value.exists() else _tag("path", str(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _encode(getattr(value, f.name), keep_part) for f in dataclasses.fields(value)}
        return {"$": "dataclass", "type": type_name(kind), "v": fields}
    if isinstance(value, msgspec.Struct):
        fields = {name: _encode(getattr(value, name), keep_part) for name in value.__struct_fields__}
        return {"$": "struct", "type": type_name(kind), "v": fields}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"$": "namedtuple", "type": type_name(kind), "v": [_encode(item, keep_part) for item in value]}
    if isinstance(value, str):  # an address that carries more than its text
        return str(value)
    if isinstance(value, tuple):  # what a step with several outputs gave
        return _tag("tuple", [_encode(item, keep_part) for item in value])
    return keep_part(value)


def decode(skeleton: Any, load_part: LoadPart) -> Any:
    """The value of a skeleton."""
    if type(skeleton) is list:
        return [decode(item, load_part) for item in skeleton]
    if type(skeleton) is not dict:
        return skeleton
    tag = skeleton.get("$")
    if tag is None:
        return {key: decode(item, load_part) for key, item in skeleton.items()}
    if tag == PART:
        return load_part(skeleton)
    inner = skeleton["v"]
    if tag in READ:
        return READ[tag](inner)
    if tag == "tuple":
        return tuple(decode(item, load_part) for item in inner)
    if tag in ("set", "frozenset"):
        items = (decode(item, load_part) for item in inner)
        return set(items) if tag == "set" else frozenset(items)
    if tag in _BY_TAG:
        return _BY_TAG[tag](decode(inner, load_part))
    if tag == "objects":
        return _object_array(inner[0], [decode(item, load_part) for item in inner[1]])
    if tag == "dict":
        return {decode(k, load_part): decode(v, load_part) for k, v in inner}
    return _decode_by_class(tag, skeleton["type"], inner, load_part)


def _decode_by_class(tag: str, name: str, inner: Any, load_part: LoadPart) -> Any:
    if tag == "numpy":
        import numpy

        return numpy.frombuffer(base64.b64decode(inner), dtype=numpy.dtype(name))[0]
    kind = named_type(name)
    if tag == "enum" and issubclass(kind, enum.Enum):
        return kind[inner]
    if tag == "flag" and issubclass(kind, enum.Flag):
        return kind(inner)
    if tag == "namedtuple" and issubclass(kind, tuple):
        return kind._make(decode(item, load_part) for item in inner)  # type: ignore[attr-defined]
    if tag == "struct" and issubclass(kind, msgspec.Struct):
        return kind(**{key: decode(item, load_part) for key, item in inner.items()})
    if tag == "dataclass" and dataclasses.is_dataclass(kind):
        made = object.__new__(kind)  # as it was, without running __post_init__ a second time
        for key, item in inner.items():
            object.__setattr__(made, key, decode(item, load_part))
        return made
    raise Invalid(f"A stored value says it is a {tag} of {name}, which is something else now. Run its step again")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unpaired(text: str) -> str:
    """Text with halves of surrogate pairs in it, as names of files may have, which UTF-8 cannot say."""
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def ndarray_type() -> type | None:
    """NumPy's array class when it is loaded: nothing is imported to ask."""
    numpy = sys.modules.get("numpy")
    return getattr(numpy, "ndarray", None)


def _object_array(shape: list[int], items: list[Any]) -> Any:
    import numpy

    made = numpy.empty(len(items), dtype=object)
    for index, item in enumerate(items):
        made[index] = item
    return made.reshape(shape)


def _tag(tag: str, value: Any) -> dict[str, Any]:
    return {"$": tag, "v": value}


def type_name(kind: type) -> str:
    """A class as "module:qualified name"; the main script goes by its file's name, as workers import it."""
    return f"{module_name(kind.__module__)}:{kind.__qualname__}"


def module_name(name: str) -> str:
    """The name a module has in every process: that of its file when it is the main script."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    return Path(file).stem if name == "__main__" and file else name


def named_type(name: str) -> type:
    """The class of that name. Raises Invalid when it is not there any more."""
    found = named(name)
    if not isinstance(found, type):
        raise Invalid(f"A stored value is a {name}, which is no class any more. Bring it back")
    return found


def named(name: str) -> Any:
    """What stands under "module:qualified name". Raises Invalid when it is not there any more."""
    module, _, qualname = name.partition(":")
    main = sys.modules.get("__main__")
    found: Any
    try:
        if module not in sys.modules and module == module_name("__main__"):
            found = main
        else:
            found = importlib.import_module(module)
        for attribute in qualname.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise Invalid(f"A stored value is a {name}, which cannot be imported: {error}. Bring it back") from error
    return found
