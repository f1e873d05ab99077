"""The fields of a spec, taken one by one; what nobody took is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from tenfold.base.errors import Invalid

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)


class Fields:
    """One object of a spec. Keys may be written in camelCase or snake_case.

    Args:
        ignored: Names, dotted from the top, that the user allows to be passed over.
    """

    def __init__(self, given: Any, where: str, ignored: Collection[str]) -> None:
        if not isinstance(given, dict):
            raise Invalid(f"{where or 'The spec'} must be an object, not {type(given).__name__}", field=where)
        self.where, self.ignored = where, ignored
        self._left = {_snake(key): value for key, value in given.items()}

    def name(self, key: str) -> str:
        """A field's name from the top of the spec."""
        return f"{self.where}.{key}" if self.where else key

    def take(self, key: str, default: Any = None) -> Any:
        """A field's value; `default` when it is not there, or null."""
        value = self._left.pop(key, None)
        return default if value is None else value

    def inner(self, key: str) -> Fields | None:
        """A field that is an object."""
        value = self.take(key)
        return None if value is None else Fields(value, self.name(key), self.ignored)

    def items(self, key: str) -> Iterator[Fields]:
        """A field that is a list of objects."""
        for number, value in enumerate(self._list(key)):
            yield Fields(value, f"{self.name(key)}[{number}]", self.ignored)

    def text(self, key: str, default: str = "") -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, value, "a text")
        return value

    def texts(self, key: str) -> list[str]:
        found = self._list(key)
        if not all(isinstance(item, str) for item in found):
            raise self.wrong(key, found, "a list of texts")
        return found

    def numbers(self, key: str) -> list[int]:
        return [self._number(key, item) for item in self._list(key)]

    def number(self, key: str, default: int) -> int:
        value = self.take(key)
        return default if value is None else self._number(key, value)

    def flag(self, key: str) -> bool:
        value = self.take(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def mapping(self, key: str) -> dict[str, str]:
        value = self.take(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, value, "an object")
        return {str(name): str(item) for name, item in value.items()}

    def seconds(self, key: str) -> float | None:
        """A Go duration, like '1h30m'; None when it is not there."""
        text = self.text(key)
        if not text:
            return None
        if "".join(number + unit for number, unit in _DURATION.findall(text)) != text:
            raise self.wrong(key, text, "a duration like 30s or 1h30m")
        return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text)) or None

    def bytes_(self, key: str) -> int:
        """A size, like '100MB' or '1Gi'; 0 when it is not there."""
        text = self.text(key)
        found = _SIZE.fullmatch(text.strip()) if text else None
        if text and found is None:
            raise self.wrong(key, text, "a size like 100MB")
        if found is None:
            return 0
        return int(float(found[1]) * (1024 if found[3] else 1000) ** " KMGT".index(found[2].upper() or " "))

    def refuse(self, key: str, why: str) -> Invalid:
        """The error for a field that cannot be honoured."""
        name = self.name(key)
        said = f"{name} cannot be honoured: {why}. Take it out of the spec, or pass it over with --ignore {name}"
        return Invalid(said, field=name)

    def wrong(self, key: str, value: Any, wanted: str) -> Invalid:
        return Invalid(f"{self.name(key)} is {value!r}; it must be {wanted}", field=self.name(key))

    def is_ignored(self, key: str) -> bool:
        return self.name(key) in self.ignored

    def finish(self, why: dict[str, str] | None = None) -> None:
        """Raises Invalid naming a field that was not taken, but for those that are empty, false or allowed."""
        for key, value in self._left.items():
            if value and not self.is_ignored(key):
                raise self.refuse(key, (why or {}).get(key, "Tenfold has nothing of this kind"))

    def _list(self, key: str) -> list[Any]:
        value = self.take(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, value, "a list")
        return value

    def _number(self, key: str, value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
            raise self.wrong(key, value, "a whole number")
        return int(value)


def _snake(key: str) -> str:
    return "egress_url" if key == "URL" else re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()
