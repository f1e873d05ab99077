"""PyTorch: a module as an ONNX graph that answers the same, and its weights as safetensors. Neither runs code.

The module's own class is Python, which no safe format holds: `Model.load_weights(module)` fills one that the reader has
made. A whole module as torch.export's .pt2 is written only when pickle is allowed: its loader unpickles (torch 2.13).
TorchScript is deprecated and not written.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.models.answers import MATRIX, Answers, as_arrays, only_rows
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.models.onnx_file import TOLERANCE, Runner, difference
from tenfold.records import Signature

_EXPORTED_ROWS = 2
"""Rows a graph is traced with: of one row an exporter thinks that it is always one."""


def _owns(model: Any) -> bool:
    import torch

    return isinstance(model, torch.nn.Module)


def _about(model: Any) -> About:
    kind = type(model)
    return About(f"{kind.__module__}.{kind.__qualname__}", inputs=Signature(inputs=[]))


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    import torch

    arguments = _tensors(native, signature, batch)
    with _evaluating(native), torch.inference_mode():
        given = native(arguments[MATRIX]) if arguments.keys() == {MATRIX} else _call(native, signature, arguments)
    return Answers(only_rows(_first(given).detach().cpu().numpy(), batch.rows, of=type(native).__name__))


def _call(native: Any, signature: Signature, arguments: dict[str, Any]) -> Any:
    return native(*arguments.values()) if signature.positional else native(**arguments)


def _first(given: Any) -> Any:
    """The tensor of what a module gives: itself, the `logits` of a record, the first of a tuple."""
    if hasattr(given, "logits"):
        return given.logits
    if isinstance(given, dict):
        given = given.get("logits", next(iter(given.values()), None))
    if isinstance(given, (tuple, list)) and given:
        given = given[0]
    if not hasattr(given, "detach"):
        raise Invalid(f"The module gives a {type(given).__name__}, no tensor. Save one that gives a tensor")
    return given


def _tensors(native: Any, signature: Signature, batch: Batch) -> dict[str, Any]:
    import torch

    where = next((weight.device for weight in native.parameters()), torch.device("cpu"))
    return {name: torch.as_tensor(array).to(where) for name, array in as_arrays(signature, batch).items()}


@contextlib.contextmanager
def _evaluating(native: Any) -> Iterator[None]:
    """Without dropout and running statistics; the module is as it was afterwards, each part of it."""
    training = [part for part in native.modules() if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _write_onnx(model: Any, writing: Writing) -> Written:
    if not writing.checks:
        raise Invalid("Without input_example a conversion to ONNX cannot be held against the original")
    library("onnxscript", why="convert a module to ONNX")
    signature = writing.signature
    arguments = _traced(model, writing)
    try:
        with _evaluating(model), _in_silence():
            import torch

            positional = arguments.keys() == {MATRIX} or signature.positional
            made = torch.onnx.export(
                model,
                tuple(arguments.values()) if positional else (),
                kwargs=None if positional else arguments,
                input_names=list(arguments),
                dynamic_shapes=_dynamic(arguments, as_tuple=positional),
                dynamo=True,
                verbose=False,
            )
            assert made is not None
            data: bytes = made.model_proto.SerializeToString()
        runner = Runner(data, signature, _layout(arguments))
        worst = max(difference(answers, runner.run(batch)) for batch, answers in writing.checks)
    except Exception as error:  # an exporter may raise anything at all; the reason is kept in the manifest
        raise Invalid(f"It does not convert to ONNX ({_why(error)})") from error
    if not worst <= TOLERANCE:
        raise Invalid(f"As ONNX its answers differ by {worst:.3g} on the input example")
    rows = sum(batch.rows for batch, _ in writing.checks)
    file = FormatFile(
        format="onnx", path="model.onnx", layout=_layout(arguments), max_difference=worst, rows_checked=rows
    )
    return Written(file, {file.path: data})


def _layout(arguments: dict[str, Any]) -> str:
    return "tensor" if arguments.keys() == {MATRIX} else "arrays"


def _traced(model: Any, writing: Writing) -> dict[str, Any]:
    """The first rows of the example as a module takes them; the only one twice."""
    few = {
        name: tensor[:_EXPORTED_ROWS]
        for name, tensor in _tensors(model, writing.signature, writing.checks[0][0]).items()
    }
    return {
        name: tensor.repeat(2, *[1] * (tensor.ndim - 1)) if len(tensor) == 1 else tensor for name, tensor in few.items()
    }


def _dynamic(arguments: dict[str, Any], *, as_tuple: bool) -> Any:
    import torch

    found = {name: {0: torch.export.Dim.DYNAMIC} for name in arguments}
    return tuple(found.values()) if as_tuple else found


def _write_weights(model: Any, writing: Writing) -> Written:
    save = library("safetensors.torch", why="keep a module's weights without pickle")
    path = writing.folder / "model.safetensors"
    save.save_model(model, str(path))
    return Written(FormatFile(format="safetensors", path=path.name, layout=writing.about.estimator), {path.name: path})


def load_weights(files: Files, file: FormatFile, module: Any) -> None:
    """Fill a module with kept weights; every name and shape must be the same. Raises Invalid naming those that are not."""
    safetensors = library("safetensors.torch", why="load a module's weights")
    there = safetensors.load(files.bytes(file.path))
    wanted = module.state_dict()
    wrong = [name for name in there if name not in wanted or wanted[name].shape != there[name].shape]
    if wrong:
        raise Invalid(
            f"The weights {', '.join(wrong[:5])} do not fit this {type(module).__name__}. They are of a {file.layout}",
            field="module",
        )
    missing, _ = module.load_state_dict(there, strict=False)
    shared = {wanted[name].data_ptr() for name in there}  # a tied weight is kept once, under one of its names
    if lost := [name for name in missing if wanted[name].data_ptr() not in shared]:
        raise Invalid(
            f"This {type(module).__name__} also has {', '.join(lost[:5])}, which were not kept", field="module"
        )


def _write_pt2(model: Any, writing: Writing) -> Written:
    import torch

    if not writing.checks:
        raise Invalid("Without input_example a module cannot be traced")
    arguments = _traced(model, writing)
    positional = arguments.keys() == {MATRIX} or writing.signature.positional
    buffer = io.BytesIO()
    try:
        with _evaluating(model), _in_silence():
            program = torch.export.export(
                model,
                tuple(arguments.values()) if positional else (),
                kwargs=None if positional else arguments,
                dynamic_shapes=_dynamic(arguments, as_tuple=positional),
            )
            torch.export.save(program, buffer)
    except Exception as error:
        raise Invalid(f"It cannot be exported ({_why(error)})") from error
    written = Written(FormatFile(format="pt2", path="model.pt2"), {"model.pt2": buffer.getvalue()})
    return held_against(written, writing, _read_pt2, _ask, flavour="torch")


def _read_pt2(files: Files, file: FormatFile, said: Manifest) -> Any:
    torch = library("torch", said)
    with _in_silence():
        return torch.export.load(io.BytesIO(files.bytes(file.path))).module()


def _why(error: Exception) -> str:
    """The first line of what an exporter found, under what it wraps that in."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"


@contextlib.contextmanager
def _in_silence() -> Iterator[None]:
    """Exporters warn of their own insides and of libraries that are not needed."""
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.startswith("torch")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


FLAVOUR = Flavour(
    name="torch",
    library="torch",
    requires=("torch", "safetensors", "onnx", "onnxscript", "onnxruntime"),
    owns=_owns,
    about=_about,
    write={"onnx": _write_onnx, "safetensors": _write_weights, "pt2": _write_pt2, "pickle": sklearn.write_pickle},
    read={"pt2": _read_pt2, "pickle": sklearn.read_pickle},
    ask=_ask,
)
