"""KServe V1 and TensorFlow Serving's REST form: `POST /v1/models/{name}:predict`."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.records import Signature
from tenfold.serving import rows
from tenfold.serving.batcher import Answer
from tenfold.serving.protocols.mlflow import predicted, wants_probability
from tenfold.serving.rows import Rows


class Body(msgspec.Struct):
    instances: Any = None
    inputs: Any = None
    params: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Body)


def parse(signature: Signature, body: bytes) -> tuple[Rows, bool, str]:
    """Rows, whether probabilities are wanted, and the key the answer goes under: `instances` → predictions, `inputs` → outputs.

    Raises:
        Invalid: It is no JSON, has neither key, or does not fit the signature.
    """
    try:
        said = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f'The body cannot be read: {error}. Send {{"instances": [...]}}', field="body") from None
    probability = wants_probability(said.params)
    if said.instances is not None:
        return rows.from_list(signature, said.instances, what="instances"), probability, "predictions"
    if isinstance(said.inputs, dict):
        return rows.from_columns(signature, said.inputs), probability, "outputs"
    if said.inputs is not None:
        return rows.from_list(signature, said.inputs, what="inputs"), probability, "outputs"
    raise Invalid('The body has no rows. Send {"instances": [...]}', field="instances")


def encode(answer: Answer, probability: bool, key: str) -> bytes:
    """The protocol's answer and, beside it, one prediction id a row."""
    return msgspec.json.encode({key: predicted(answer, probability), "prediction_ids": answer.prediction_ids})
