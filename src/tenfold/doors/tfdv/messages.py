"""The messages of tensorflow-metadata, and reading text proto with a word on what is wrong."""

from __future__ import annotations

from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.extras import require

UNUSED_STAGES = ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED")
"""Lifecycle stages whose columns TFDV neither checks nor expects."""
_WHY = "read and write TFDV's files"


def schema_messages() -> Any:
    """The module of Schema and Feature. Raises MissingExtra naming what to install."""
    return require("tensorflow_metadata.proto.v0.schema_pb2", extra="tfdv", why=_WHY)


def statistics_messages() -> Any:
    """The module of DatasetFeatureStatisticsList. Raises MissingExtra naming what to install."""
    return require("tensorflow_metadata.proto.v0.statistics_pb2", extra="tfdv", why=_WHY)


def parse(text: str, message: Any, *, what: str) -> Any:
    """The message filled from text proto. Raises Invalid with the line of what is not known to it."""
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise Invalid(f"This is no {what}: {error}. Give one that TFDV wrote, as text proto", field="pbtxt") from error


def text_of(message: Any) -> str:
    """Text proto, '' of an empty message."""
    from google.protobuf import text_format

    return str(text_format.MessageToString(message, as_utf8=True))
