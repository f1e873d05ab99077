"""Hugging Face transformers: models and pipelines as `save_pretrained` writes them, weights as safetensors.

Read back from these files alone: nothing is fetched, and no code that a file names is run (`trust_remote_code` is off).
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.base.errors import Forbidden, Invalid
from tenfold.models.answers import Answers
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn, torch
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.records import Column, Signature

_FOLDER = "transformers"
_CLASSIFIES = "text-classification"
_REFUSED = (".bin", ".pt", ".pkl", ".pickle", ".ckpt", ".h5", ".msgpack", ".py", "adapter_config.json")


def _owns(model: Any) -> bool:
    import transformers

    return isinstance(model, (transformers.PreTrainedModel, transformers.Pipeline))


def _about(model: Any) -> About:
    import transformers

    if not isinstance(model, transformers.Pipeline):
        return About(type(model).__name__, inputs=Signature(inputs=[]))
    name = f"{type(model).__name__}({type(model.model).__name__})"
    inputs = Signature(inputs=[Column("text", "string")])
    if model.task != _CLASSIFIES:
        return About(name, inputs=inputs)
    labels = model.model.config.id2label
    return About(name, "classifier", [labels[at] for at in sorted(labels)], inputs)


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    import transformers

    if not isinstance(native, transformers.Pipeline):
        return torch.FLAVOUR.ask(native, signature, batch)
    if len(signature.inputs) != 1 or signature.inputs[0].type != "string":
        raise Invalid("A pipeline takes one column of texts. Pass input_example={'text': [...]}", field="input_example")
    texts = [str(text) for text in batch.columns()[0].tolist()]
    if native.task != _CLASSIFIES:
        return Answers(np.array([_text(given) for given in native(texts)], dtype=object))
    order = {label: at for at, label in enumerate(signature.classes or _about(native).classes or [])}
    shares = np.zeros((len(texts), len(order)), dtype=np.float64)
    for row, found in enumerate(native(texts, top_k=None, truncation=True)):
        for each in found:
            shares[row, order[each["label"]]] = each["score"]
    return Answers(np.array(list(order), dtype=object)[shares.argmax(axis=1)], shares)


def _text(given: Any) -> str:
    """The text in what a pipeline gives for one row."""
    while isinstance(given, list) and given:
        given = given[0]
    found = (
        next((value for value in given.values() if isinstance(value, str)), None) if isinstance(given, dict) else None
    )
    if found is None:
        raise Invalid("What this pipeline gives is neither a label nor a text, so it has no predict. Save its .model")
    return found


def _write(model: Any, writing: Writing) -> Written:
    import transformers

    folder = writing.folder / _FOLDER
    if isinstance(model, transformers.Pipeline):
        layout = f"pipeline:{model.task}"
    elif type(model).__module__.partition(".")[0] == "transformers":
        layout = f"model:{type(model).__name__}"
    else:
        raise Invalid(f"{type(model).__name__} is a class of its author's, which no file brings along")
    with _without_bars(transformers):
        model.save_pretrained(folder)
    contents = {f"{_FOLDER}/{path.relative_to(folder)}": path for path in sorted(folder.rglob("*")) if path.is_file()}
    written = Written(FormatFile(format="transformers", path=_FOLDER, layout=layout), contents)
    if not writing.signature.inputs:
        return written
    return held_against(written, writing, _read, _ask, flavour="transformers")


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    transformers = library("transformers", said)
    wrong = [path for path in files.paths() if path.startswith(f"{file.path}/") and path.endswith(_REFUSED)]
    if wrong:
        raise Forbidden(
            f"The model brings {wrong[0]}, which can run code or fetch more. Save it anew, with safetensors"
        )
    kind, _, name = file.layout.partition(":")
    with files.folder(file.path) as folder, _without_bars(transformers):
        if kind == "model":
            found: Any = getattr(transformers, name, None)
            if not inspect.isclass(found) or not issubclass(found, transformers.PreTrainedModel):
                raise Invalid(f"This version of transformers has no {name}. Install the one in requirements.txt")
            return getattr(transformers, name).from_pretrained(folder, use_safetensors=True, local_files_only=True)
        return _pipeline(transformers, name, folder)


def _pipeline(transformers: Any, task: str, folder: Path) -> Any:
    return transformers.pipeline(
        task,
        model=str(folder),
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )


@contextlib.contextmanager
def _without_bars(transformers: Any) -> Iterator[None]:
    bars = transformers.utils.logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


FLAVOUR = Flavour(
    name="transformers",
    library="transformers",
    requires=("transformers", "torch", "safetensors", "tokenizers"),
    owns=_owns,
    about=_about,
    write={"transformers": _write, "pickle": sklearn.write_pickle},
    read={"transformers": _read, "pickle": sklearn.read_pickle},
    ask=_ask,
    one_at_a_time=True,
)
