"""What a flavour is: a library's models, the formats they are kept in, how they are asked."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tenfold.base.errors import Invalid, MissingExtra
from tenfold.models.answers import Answers
from tenfold.models.columns import Batch
from tenfold.models.files import Contents, Files, FilesAtHand
from tenfold.models.manifest import Format, FormatFile, Manifest
from tenfold.models.onnx_file import TOLERANCE, difference
from tenfold.records import Signature

Task = Literal["classifier", "regressor", "other"]
Check = tuple[Batch, Answers]
"""Input with the original's answers."""


@dataclass(frozen=True, slots=True)
class About:
    """What a model says of itself. `inputs` is what it takes where it knows that without an example."""

    estimator: str
    task: Task = "other"
    classes: list[Any] | None = None
    inputs: Signature | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """What writers are given. `folder` is theirs to write in; it lives until the model is stored."""

    about: About
    signature: Signature
    checks: list[Check]
    folder: Path


@dataclass(frozen=True, slots=True)
class Written:
    """One format of a model, with its files."""

    file: FormatFile
    contents: Contents


Write = Callable[[Any, Writing], Written]
Read = Callable[[Files, FormatFile, Manifest], Any]
Ask = Callable[[Any, Signature, Batch], Answers]


@dataclass(frozen=True, slots=True)
class Flavour:
    """The models of one library.

    Attributes:
        library: Module that is imported wherever there is a model of this flavour.
        requires: Distributions a model needs.
        owns: True for a model of this flavour; called only when the library is imported.
        write: How each format is written, in the order of trust; raises Invalid when a format does not hold the model.
        read: How the library's own object comes back from a format. Formats that are run otherwise are not there.
        ask: What a model of the library, or what `read` gives, answers to checked input.
        bears_gaps: Whether to try which columns may be missing.
        one_at_a_time: Whether threads must take turns: tokenizers of transformers do not bear two, a stranger's code may not.
    """

    name: str
    library: str
    requires: tuple[str, ...]
    owns: Callable[[Any], bool]
    about: Callable[[Any], About]
    write: Mapping[Format, Write]
    read: Mapping[Format, Read]
    ask: Ask
    bears_gaps: bool = False
    one_at_a_time: bool = False


def held_against(
    written: Written, writing: Writing, read: Read, ask: Ask, *, flavour: str, rows_needed: bool = False
) -> Written:
    """What was written, read back, with how far its answers are from the original's.

    Raises:
        Invalid: They differ, or there are no rows to tell by and `rows_needed`.
    """
    if not writing.checks and rows_needed:
        raise Invalid("Without input_example its answers cannot be held against the original", field="input_example")
    said = Manifest(
        flavour=flavour,
        estimator=writing.about.estimator,
        task=writing.about.task,
        signature=writing.signature,
        files=[written.file],
    )
    back = read(FilesAtHand(written.contents), written.file, said)
    if not writing.checks:
        return written
    worst = max(difference(answers, ask(back, writing.signature, batch)) for batch, answers in writing.checks)
    if not worst <= TOLERANCE:
        raise Invalid(f"As {written.file.format} its answers differ by {worst:.3g} on the input example")
    rows = sum(batch.rows for batch, _ in writing.checks)
    file = FormatFile(
        format=written.file.format,
        path=written.file.path,
        layout=written.file.layout,
        max_difference=worst,
        rows_checked=rows,
    )
    return Written(file, written.contents)


def library(name: str, said: Manifest | None = None, *, why: str = "load this model") -> Any:
    """The module of a library that no extra brings. Raises MissingExtra naming what to install, as the manifest pins it."""
    top = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != top:
            raise  # it is there but broken: its own message says more than ours could
        pins = said.requirements if said is not None else []
        pin = next((pin for pin in pins if pin.startswith((f"{top}==", f"{top}-cpu=="))), top)
        raise MissingExtra(f"{top} is needed to {why}. Install it with: pip install {pin}") from error
