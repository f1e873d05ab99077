"""What may be tried for each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tenfold.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Float:
    """A number between two bounds, both included; on a logarithmic scale with `log`."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise Invalid(f"Float({self.low}, {self.high}): low must be less than high")
        if self.log and self.low <= 0:
            raise Invalid(f"Float({self.low}, {self.high}, log=True): a logarithmic scale needs low above 0")

    def suggest(self, trial: Any, name: str) -> float:
        return float(trial.suggest_float(name, self.low, self.high, log=self.log))


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number between two bounds, both included; on a logarithmic scale with `log`."""

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise Invalid(f"Int({self.low}, {self.high}): low must not be more than high")
        if self.log and self.low <= 0:
            raise Invalid(f"Int({self.low}, {self.high}, log=True): a logarithmic scale needs low above 0")

    def suggest(self, trial: Any, name: str) -> int:
        return int(trial.suggest_int(name, self.low, self.high, log=self.log))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values."""

    values: Sequence[Any]

    def __post_init__(self) -> None:
        if not self.values:
            raise Invalid("Choice([]): give at least one value")

    def suggest(self, trial: Any, name: str) -> Any:
        return self.values[trial.suggest_categorical(name, range(len(self.values)))]


Space: TypeAlias = Mapping[str, Float | Int | Choice | Sequence[Any]]
"""{parameter: what may be tried}; a plain list is a Choice."""


def suggest(space: Space, trial: Any) -> dict[str, Any]:
    """One value for each parameter, as an Optuna trial proposes."""
    dimensions = {name: d if isinstance(d, (Float, Int, Choice)) else Choice(list(d)) for name, d in space.items()}
    return {name: dimension.suggest(trial, name) for name, dimension in dimensions.items()}
