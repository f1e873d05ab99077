"""What is served, and what a served model must be able to do. Serving knows no engine: models come in by a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid
from tenfold.records import Signature, Version


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model under the name of a deployment. Targets of one name share its traffic.

    Attributes:
        name: The deployment: its path, and the name of its prediction log.
        address: Which model, `model:delay@champion`. Where it names no fixed version it is followed as it moves.
        weight: Share of the requests, against the weights of the other targets of the same name.
        shadow: Asked too, and logged, but never answers a client.
    """

    name: str
    address: str
    weight: float = 1.0
    shadow: bool = False


def check_targets(targets: Sequence[Target]) -> dict[str, list[Target]]:
    """Targets by deployment, in the order given.

    Raises:
        Invalid: No target, a negative weight, or a deployment that nobody would answer for.
    """
    if not targets:
        raise Invalid("Nothing to serve. Give at least one target, like delay=model:delay@champion", field="targets")
    found: dict[str, list[Target]] = {}
    for target in targets:
        check_name(target.name, what="deployment name")
        if not target.weight >= 0:
            raise Invalid(f"The weight {target.weight} of {target.address} is negative. Give 0 or more", field="weight")
        found.setdefault(target.name, []).append(target)
    for name, group in found.items():
        if not sum(target.weight for target in group if not target.shadow) > 0:
            raise Invalid(
                f"No target of {name!r} takes requests. Give one a weight above 0 that is no shadow", field="weight"
            )
    return found


class Table(Protocol):
    """Checked input of a model."""

    @property
    def rows(self) -> int: ...

    def columns(self) -> list[Any]:
        """One NumPy array a column, in the signature's order."""


class Answered(Protocol):
    """A model's answers: `prediction` one entry a row, `probability` (rows, classes) or None; NumPy arrays."""

    @property
    def prediction(self) -> Any: ...

    @property
    def probability(self) -> Any: ...


class Servable(Protocol):
    """A loaded model as the server asks it, from several threads."""

    version: Version
    signature: Signature

    def check(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Rows of values in the signature's order as a `Table`. Raises Invalid naming the column in `field`."""

    def run(self, batch: Any) -> Answered:
        """Answers for a `Table`. Raises Invalid when the model itself refuses the values."""

    def example(self) -> dict[str, Any] | None:
        """A few rows, {'columns': [...], 'data': [[...]]}, or None."""


Load = Callable[[Version], Servable]
"""Gives the loaded model of a version; raises a TenfoldError when it cannot."""
