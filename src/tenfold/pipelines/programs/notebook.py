"""`tenfold.notebook(…)`: a notebook run with parameters, its executed copy kept."""

from __future__ import annotations

import asyncio
import inspect
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Unpack

import msgspec

from tenfold.base.errors import Invalid, StepFailed
from tenfold.base.extras import require
from tenfold.pipelines.authoring.options import StepOptions
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.host import find_at_hand
from tenfold.pipelines.programs.definition import NotebookProgram
from tenfold.pipelines.programs.notebook_page import page_of

_WHY = "run a notebook as a step"
COPY, PAGE = "notebook", "page"


def notebook(
    file: str | Path,
    *,
    params: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    name: str = "",
    kernel: str = "",
    files: Sequence[str] = (),
    **options: Unpack[StepOptions],
) -> Notebook:
    """A step that runs a notebook: `report = tenfold.notebook("report.ipynb", params={"region": "EU"})`.

    Call it in a pipeline like a step; params given there (`report(region=found)`) go before these. They are set in a cell
    of their own right after the one tagged `parameters`, or first of all. It gives `notebook`, the executed copy, `page`,
    the same as a web page, and each variable named in `outputs`. A cell that fails fails the step, and the message shows
    the cell. What the cells print is the step's log.

    Args:
        outputs: Variables of the notebook whose values, plain data, it gives.
        kernel: Name of the Jupyter kernel; what the notebook says when not given, else this process's Python.
        files: Files and folders that count for the cache besides the notebook's own cells.
        options: As for `@step`.

    Raises:
        Invalid: A name among outputs that is no variable.
    """
    for one in outputs:
        if not one.isidentifier() or one in (COPY, PAGE):
            raise Invalid(f"A notebook's outputs are names of variables in it, not {one!r}", field="outputs")
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", name or Path(file).stem)
    made = NotebookProgram(
        name=stem, file=str(file), inputs=list(params or ()), outputs=list(outputs), kernel=kernel, files=list(files)
    )
    return Notebook(made, dict(params or {}), **options)


class Notebook(Step[..., Any]):
    """A step that runs a notebook."""

    def __init__(
        self, definition: NotebookProgram, params: Mapping[str, Any] | None = None, **options: Unpack[StepOptions]
    ) -> None:
        def run_notebook(**values: Any) -> Any:
            return _run(definition, {**self.params, **values})

        run_notebook.__module__, run_notebook.__qualname__ = "tenfold.pipelines.programs", "program_step"
        self.definition, self.params = definition, dict(params or {})
        outputs = (COPY, PAGE, *definition.outputs)
        super().__init__(run_notebook, name=definition.name, outputs=outputs, **options)

    @property
    def signature(self) -> inspect.Signature:
        """Any names, as the notebook takes any."""
        return inspect.Signature([inspect.Parameter("values", inspect.Parameter.VAR_KEYWORD)])

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if args:
            raise TypeError(f"Notebook {self.name!r} takes its params by name")
        return {**self.params, **kwargs}

    def call(self, arguments: dict[str, Any]) -> Any:
        return self.function(**arguments)

    @property
    def program(self) -> dict[str, Any]:
        return dict(msgspec.to_builtins(self.definition))


def _run(definition: NotebookProgram, values: dict[str, Any]) -> tuple[Any, ...]:
    nbformat = require("nbformat", extra="notebooks", why=_WHY)
    nbclient = require("nbclient", extra="notebooks", why=_WHY)
    file = Path(definition.file)
    if not file.is_file():
        raise StepFailed(f"There is no notebook {file.absolute()}. Run the pipeline in the folder it is in")
    at_hand = find_at_hand()
    scratch = Path(tempfile.mkdtemp(prefix="notebook-", dir=at_hand.scratch if at_hand else None))
    book = nbformat.read(file, as_version=4)
    book.cells.insert(_place_of_params(book.cells), _code_cell(nbformat, _params_code(values), "injected-parameters"))
    results = scratch / "results.json"
    if definition.outputs:
        book.cells.append(_code_cell(nbformat, _results_code(definition.outputs, results), "injected-outputs"))
    sockets = tempfile.mkdtemp(prefix="tf-")  # a short path: a socket's name has at most 107 characters
    manager = require("jupyter_client", extra="notebooks", why=_WHY).AsyncKernelManager(
        kernel_name=definition.kernel or book.metadata.get("kernelspec", {}).get("name", "python3"),
        transport="ipc",  # no other user of this machine reaches the kernel
        ip=f"{sockets}/k",
    )
    client = nbclient.NotebookClient(
        book,
        km=manager,
        timeout=None,
        resources={"metadata": {"path": str(Path.cwd())}},
        on_cell_executed=lambda cell, cell_index, **more: _show(cell),
    )
    try:
        with ThreadPoolExecutor(1) as thread:  # with a loop of its own: this thread may have one that runs
            thread.submit(asyncio.run, client.async_execute(cleanup_kc=True)).result()
    except nbclient.exceptions.CellExecutionError as error:
        raise StepFailed(_failure(file, book.cells)) from error
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    if definition.outputs:
        book.cells.pop()
    copy, page = scratch / file.name, scratch / f"{file.stem}.html"
    nbformat.write(book, copy)
    page.write_text(page_of(book.cells, title=file.stem), "utf-8")
    found = msgspec.json.decode(results.read_bytes()) if definition.outputs else {}
    return (copy, page, *(found[name] for name in definition.outputs))


def _code_cell(nbformat: Any, source: str, tag: str) -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"tags": [tag]})


def _place_of_params(cells: list[Any]) -> int:
    tagged = [index for index, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", ())]
    return tagged[0] + 1 if tagged else 0


def _params_code(values: dict[str, Any]) -> str:
    lines = ["# Parameters"]
    for name, value in values.items():
        plain = str(value) if isinstance(value, Path) else value
        if not name.isidentifier() or not _is_plain(plain):
            raise Invalid(
                f"Param {name!r} of a notebook is a {type(value).__name__}. Give plain data, or a Path that it reads"
            )
        lines.append(f"{name} = {_literal(plain)}")
    return "\n".join(lines)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, (str, int)) and _is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def _literal(value: Any) -> str:
    text = repr(value)
    return (
        text
        if not re.search(r"\b(nan|inf)\b", text)
        else f"eval({text!r}, {{'nan': float('nan'), 'inf': float('inf')}})"
    )


def _results_code(names: list[str], results: Path) -> str:
    wanted = ", ".join(f"{name!r}: {name}" for name in names)
    return f"import json as _json\nwith open({str(results)!r}, 'w') as _file:\n    _json.dump({{{wanted}}}, _file)"


def _show(cell: Any) -> None:
    for output in cell.get("outputs", ()):
        text = output.get("text") if output.output_type == "stream" else output.get("data", {}).get("text/plain")
        if text:
            sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()


def _failure(file: Path, cells: list[Any]) -> str:
    """The cell that failed, by its number as the executed copy has it, with what it raised."""
    for index, cell in enumerate(cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
                return (
                    f"Cell {index + 1} of {file.name} failed: {output.ename}: {output.evalue}\n{cell.source}\n\n{trace}"
                )
    return f"{file.name} failed: its kernel died"
