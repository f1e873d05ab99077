"""Options of `tenfold monitor report` that say what the truth and the answers are, and the presets made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenfold.base.errors import Invalid

if TYPE_CHECKING:
    from tenfold.records import Version

PRESETS = (
    "drift", "summary", "quality", "target", "classification", "regression", "forecasting", "clustering", "multilabel",
    "recommendation", "text",
)  # fmt: skip
LABELLED = ("classification", "regression", "forecasting", "multilabel", "recommendation")
"""Presets that cannot do without a truth and answers."""


class TableOrAddress(click.ParamType):  # type: ignore[type-arg]
    """A file that exists, or the address of a dataset."""

    name = "table"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or the address as it is."""
        if isinstance(value, str) and (value.startswith("data:") or ("@" in value and not Path(value).exists())):
            return value
        if not Path(value).exists():
            self.fail(f"{value!r} does not exist. Give a file, or a dataset's address: data:flights@main", param, ctx)
        return Path(value)


def table_of(given: Path | str | None, role: str = "", used: dict[str, Version] | None = None) -> Any:
    """The path, or the rows of the dataset's version, which is noted in `used` under its role."""
    if not isinstance(given, str):
        return given
    from tenfold.base.addresses import parse
    from tenfold.workspace import Client
    from tenfold.workspace.datasets import dataset

    address = given if given.startswith("data:") else f"data:{given}"
    version = Client().version(address)
    if used is not None:
        used[role] = version
    return dataset(parse(address).name).scan(parse(address).path or "", version)


@dataclass(frozen=True)
class Asked:
    """What was given on the command line about the predictions."""

    presets: tuple[str, ...]
    columns: tuple[str, ...]
    target: tuple[str, ...]
    prediction: tuple[str, ...]
    score: tuple[str, ...]
    positive: str
    user: str
    item: str
    k: int
    series: str | None
    lower: str | None
    upper: str | None
    season: int
    feature: tuple[str, ...]


def task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    options = (
        click.option("--target", multiple=True, help="Column of the truth; of several labels given once each"),
        click.option("--prediction", multiple=True, help="Column of the predictions; of several labels given once each"),
        click.option("--score", multiple=True, help="Column of the score, or probability of the positive class"),
        click.option("--positive", default="1", show_default=True, help="The positive class"),
        click.option("--user", default="user_id", show_default=True, help="Column of the user, for recommendation"),
        click.option("--item", default="item_id", show_default=True, help="Column of the item, for recommendation"),
        click.option("--k", default=10, show_default=True, type=click.IntRange(1), help="Where recommendations are cut off"),
        click.option("--train", type=TableOrAddress(), help="What a recommender learned from, or a forecast's past values"),
        click.option("--series", help="Column that says which series a row is of, for forecasting"),
        click.option("--lower", help="Column of the lower bound of a forecast"),
        click.option("--upper", help="Column of the upper bound of a forecast"),
        click.option("--season", default=1, show_default=True, type=click.IntRange(1), help="Length of a forecast's season"),
        click.option("--feature", multiple=True, help="Column of numbers: where rows of clusters lie, or what items are like"),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def definition_of(asked: Asked) -> Any:
    """The data definition that the presets need.

    Raises:
        Invalid: A preset lacks a column, or was given several where it takes one.
    """
    from tenfold import reports as r

    lacking = [
        name for name in asked.presets if name in LABELLED and not (asked.target and (asked.prediction or asked.score))
    ]
    if lacking:
        raise Invalid(f"The preset {lacking[0]} needs --target and --prediction, or --score", field="target")
    found: dict[str, list[Any]] = {}
    for name in asked.presets:
        if name == "classification":
            found["classification"] = [_classes(asked)]
        elif name == "regression":
            found["regression"] = [r.Regression(target=_one(asked, "target"), prediction=_one(asked, "prediction"))]
        elif name == "forecasting":
            task = r.Forecasting(
                target=_one(asked, "target"), prediction=_one(asked, "prediction"), series=asked.series,
                lower=asked.lower, upper=asked.upper, season=asked.season,
            )  # fmt: skip
            found["forecasting"] = [task]
        elif name == "multilabel":
            found["multilabel"] = [
                r.Multilabel(targets=asked.target, predictions=asked.prediction or None, scores=asked.score or None)
            ]
        elif name == "clustering":
            target = _one(asked, "target") if asked.target else None
            clusters = r.Clustering(prediction=_one(asked, "prediction"), target=target, features=asked.feature)
            found["clustering"] = [clusters]
        elif name == "recommendation":
            said = _one(asked, "score" if asked.score else "prediction")
            task_of = r.Recsys(user_id=asked.user, item_id=asked.item, target=_one(asked, "target"), prediction=said)
            found["ranking"] = [task_of]
        elif name == "text" and asked.target and asked.prediction:
            found["answers"] = [r.TextAnswers(target=_one(asked, "target"), prediction=_one(asked, "prediction"))]
    return r.DataDefinition(**found)  # type: ignore[arg-type]


def preset_of(name: str, asked: Asked) -> Any:
    """The preset of this name."""
    from tenfold import reports as r

    if name == "target":
        return r.TargetDriftPreset([*asked.target, *asked.prediction])
    if name == "recommendation":
        return r.RecsysPreset(asked.k, item_features=asked.feature or None)
    if name in ("summary", "quality"):
        return (r.DataSummaryPreset if name == "summary" else r.DataQualityPreset)(asked.columns or None)
    if name == "text":
        return Texts(judged=bool(asked.target and asked.prediction))
    kinds = {
        "classification": r.ClassificationPreset, "regression": r.RegressionPreset, "forecasting": r.ForecastingPreset,
        "clustering": r.ClusteringPreset, "multilabel": r.MultilabelPreset,
    }  # fmt: skip
    return kinds[name]()


@dataclass(frozen=True)
class Texts:
    """What descriptors say of texts, and how near they are to their references when those were named."""

    judged: bool

    def metrics(self, context: Any) -> Iterable[Any]:
        """`TextEvals`, then `TextQualityPreset`."""
        from tenfold import reports as r

        yield from r.TextEvals().metrics(context)
        if self.judged:
            yield from r.TextQualityPreset().metrics(context)


def describe_texts(tables: Iterable[Any], columns: tuple[str, ...]) -> None:
    """Add length, words, sentences and the share of other characters of each text column, or of those named.

    Raises:
        Invalid: There is no column of texts.
    """
    from tenfold import reports as r
    from tenfold.monitoring.summary import summarize_column

    sides = [side for side in tables if side is not None]
    texts = columns or [name for name in sides[0].names if summarize_column(sides[0].column(name)).kind == "text"]
    if not texts:
        raise Invalid("There is no column of texts. Name one: --column answer", field="column")
    kinds = (r.TextLength, r.WordCount, r.SentenceCount, r.NonLetterCharacterPercentage)
    for side in sides:
        side.add_descriptors(kind(name) for name in texts for kind in kinds)


def _classes(asked: Asked) -> Any:
    from tenfold import reports as r

    target, label = _one(asked, "target"), _one(asked, "prediction") if asked.prediction else None
    if not asked.score:
        return r.MulticlassClassification(target=target, prediction_labels=label)
    if len(asked.score) > 1:
        return r.MulticlassClassification(target=target, prediction_labels=label, prediction_probas=asked.score)
    positive: Any = int(asked.positive) if asked.positive.lstrip("-").isdigit() else asked.positive
    return r.BinaryClassification(
        target=target, prediction_labels=label, prediction_probas=asked.score[0], pos_label=positive
    )


def _one(asked: Asked, option: str) -> str:
    given = getattr(asked, option)
    if len(given) != 1:
        said = "is missing" if not given else f"was given {len(given)} times"
        raise Invalid(f"--{option} {said}. Give it once", field=option)
    return str(given[0])
