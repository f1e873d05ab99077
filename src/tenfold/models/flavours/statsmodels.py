"""statsmodels: the coefficients of models that predict from one linear sum. The library itself writes only pickles.

What is kept is what it takes to predict: coefficients by column and the name of the inverse link. It is asked without
statsmodels. Models with a formula, a state or a covariance structure have no such form and need `allow_pickle`.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from tenfold.base.errors import Damaged, Invalid
from tenfold.models.answers import Answers, as_table
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.records import Signature

_LINKS = {"OLS": "identity", "WLS": "identity", "GLS": "identity", "Logit": "logit", "Poisson": "log"}
_OF_GLM = {"Identity": "identity", "Logit": "logit", "Log": "log", "InversePower": "inverse_power"}


class Linear(msgspec.Struct, frozen=True, kw_only=True):
    """A linear sum through an inverse link. `coefficients` stand in the order of the columns."""

    model: str
    link: str
    columns: list[str]
    coefficients: list[float]

    def predict(self, table: Any) -> Any:
        """(rows,) of float64 for a matrix or frame (rows, columns)."""
        total = np.asarray(table, dtype=np.float64) @ np.asarray(self.coefficients)
        with np.errstate(over="ignore", divide="ignore"):
            if self.link == "logit":
                return 1 / (1 + np.exp(-total))
            if self.link == "log":
                return np.exp(total)
            return 1 / total if self.link == "inverse_power" else total


def _owns(model: Any) -> bool:
    from statsmodels.base.model import Results
    from statsmodels.base.wrapper import ResultsWrapper

    return isinstance(model, (Results, ResultsWrapper))


def _about(model: Any) -> About:
    return About(type(model.model).__name__, "regressor")


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    return Answers(np.asarray(native.predict(as_table(signature, batch)), dtype=np.float64))


def _write(model: Any, writing: Writing) -> Written:
    kind, link = type(model.model).__name__, _link(model.model)
    values = np.asarray(model.params, dtype=np.float64)
    names = [str(name) for name in model.model.exog_names or ()]
    if link is None or hasattr(model.model, "formula") or values.ndim != 1 or len(names) != len(values):
        raise Invalid(
            f"A fitted {kind}{' with a formula' if hasattr(model.model, 'formula') else ''} is more than the coefficients "
            "of one linear sum, and statsmodels has no format but pickle"
        )
    kept = Linear(model=kind, link=link, columns=names, coefficients=values.tolist())
    data = msgspec.json.format(msgspec.json.encode(kept), indent=2)
    written = Written(FormatFile(format="coefficients", path="coefficients.json"), {"coefficients.json": data})
    return held_against(written, writing, _read, _ask, flavour="statsmodels", rows_needed=True)


def _link(model: Any) -> str | None:
    if type(model).__name__ == "GLM":
        offset = getattr(model, "_offset_exposure", None)
        return _OF_GLM.get(type(model.family.link).__name__) if offset is None or not np.any(offset) else None
    return _LINKS.get(type(model).__name__)


def _read(files: Files, file: FormatFile, said: Manifest) -> Linear:
    try:
        return msgspec.json.decode(files.bytes(file.path), type=Linear)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Damaged(f"{file.path} cannot be read: {error}. Save the model again") from error


FLAVOUR = Flavour(
    name="statsmodels",
    library="statsmodels",
    requires=("statsmodels",),
    owns=_owns,
    about=_about,
    write={"coefficients": _write, "pickle": sklearn.write_pickle},
    read={"coefficients": _read, "pickle": sklearn.read_pickle},
    ask=_ask,
)
