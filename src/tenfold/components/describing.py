"""What data are (`statistics`), what they should be (`infer_schema`), and where they differ (`validate`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from tenfold.base.errors import Invalid
from tenfold.components.within import within_run
from tenfold.pipelines import step

if TYPE_CHECKING:
    from tenfold.monitoring import Anomaly, Schema
    from tenfold.profiles import Profile


@step
def statistics(table: Any, columns: Sequence[str] | None = None) -> Profile:
    """One-pass statistics of a table, or of these columns of it."""
    from tenfold.profiles import profile

    return profile(table, columns=columns)


@step
def infer_schema(data: Any, labels: Sequence[str] = (), ranges: bool = False, name: str = "") -> Schema:
    """The schema that a table, or its statistics, suggest.

    Args:
        labels: Columns known only in training.
        ranges: Also take the lowest and highest number as limits.
        name: Keep it as the next version of `schema:<name>`.
    """
    from tenfold.monitoring import infer_schema as infer

    found = infer(_profile(data), labels=labels, ranges=ranges)
    if name:
        with within_run(f"schema {name}") as run:
            run.save_schema(found, name)
    return found


@step
def validate(
    data: Any,
    schema: Schema,
    environment: str | None = None,
    previous: Any = None,
    fail_on: Literal["error", "warning", "never"] = "error",
) -> list[Anomaly]:
    """Where a table, or its statistics, break a schema.

    Args:
        environment: 'serving' expects no labels.
        previous: Earlier data, or their statistics, for the limits that compare with them.
        fail_on: The least severity that fails the step; 'never' only tells.

    Raises:
        Invalid: There are such anomalies; the message has them all.
    """
    from tenfold.monitoring import validate as hold

    before = None if previous is None else _profile(previous)
    found = hold(_profile(data), schema, environment=environment, previous=before)
    said = [f"{one.severity}: {one.column or 'the table'}: {one.short}. {one.long}" for one in found]
    print("\n".join(said) or "no anomalies")  # noqa: T201 - a step's log
    fatal = [text for text, one in zip(said, found, strict=True) if fail_on == "warning" or one.severity == "error"]
    if fatal and fail_on != "never":
        raise Invalid(
            f"The data break their schema in {len(fatal)} ways. Mend the data, or change the schema:\n"
            + "\n".join(fatal)
        )
    return found


def _profile(data: Any) -> Profile:
    from tenfold.profiles import Profile, profile

    return data if isinstance(data, Profile) else profile(data)
