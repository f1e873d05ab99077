"""MLflow's scoring protocol: `POST /invocations` with a frame, records, instances, inputs or CSV."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.records import Signature
from tenfold.serving import rows
from tenfold.serving.batcher import Answer
from tenfold.serving.rows import Rows

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


class Split(msgspec.Struct):
    data: list[list[Any]]
    columns: list[Any] | None = None
    index: list[Any] | None = None


class Body(msgspec.Struct):
    dataframe_split: Split | None = None
    dataframe_records: list[dict[str, Any]] | None = None
    instances: Any = None
    inputs: Any = None
    params: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Body)


def parse(signature: Signature, body: bytes) -> tuple[Rows, bool]:
    """Rows of a JSON body, and whether probabilities are wanted (`"params": {"predict_method": "predict_proba"}`).

    Raises:
        Invalid: It is no JSON, has not exactly one of the four forms, or the form does not fit the signature.
    """
    try:
        said = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body cannot be read: {error}. Send one of: {', '.join(FORMS)}", field="body") from None
    probability = wants_probability(said.params)
    if said.dataframe_split is not None:
        _only(said, "dataframe_split")
        return rows.from_split(signature, said.dataframe_split.columns, said.dataframe_split.data), probability
    if said.dataframe_records is not None:
        _only(said, "dataframe_records")
        return rows.from_records(signature, said.dataframe_records), probability
    if said.instances is not None:
        _only(said, "instances")
        return rows.from_list(signature, said.instances, what="instances"), probability
    if isinstance(said.inputs, dict):
        return rows.from_columns(signature, said.inputs), probability
    if said.inputs is not None:
        return rows.from_list(signature, said.inputs, what="inputs"), probability
    raise Invalid(f"The body has no rows. Send one of: {', '.join(FORMS)}", field="body")


def parse_csv(signature: Signature, body: bytes) -> tuple[Rows, bool]:
    """Rows of a CSV body with a header line. Raises Invalid."""
    try:
        return rows.from_csv(signature, body.decode("utf-8")), False
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8: {error}", field="body") from None


def wants_probability(params: dict[str, Any] | None) -> bool:
    """What `predict_method` says. Raises Invalid when it says something else."""
    method = (params or {}).get("predict_method", "predict")
    if method not in ("predict", "predict_proba"):
        raise Invalid(f"There is no predict_method {method!r}. Use predict or predict_proba", field="predict_method")
    return bool(method == "predict_proba")


def predicted(answer: Answer, probability: bool) -> list[Any]:
    """What goes out as `predictions`. Raises Invalid when the model has no probabilities."""
    if not probability:
        return answer.prediction
    if answer.probability is None:
        raise Invalid(f"{answer.version.address} gives no probabilities. Use predict", field="predict_method")
    found: list[Any] = answer.probability.tolist()
    return found


def encode(answer: Answer, probability: bool) -> bytes:
    """`{"predictions": […], "prediction_ids": […]}`: MLflow's answer and, beside it, one id a row."""
    return msgspec.json.encode({"predictions": predicted(answer, probability), "prediction_ids": answer.prediction_ids})


def _only(said: Body, form: str) -> None:
    others = [name for name in FORMS if name != form and getattr(said, name) is not None]
    if others:
        raise Invalid(f"The body has both {form} and {others[0]}. Send one of them", field="body")
