"""A program as data: what a task says of a command line or a notebook."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Literal

import msgspec

from tenfold.base.hashing import digest, hasher, json_digest

InputKind = Literal["auto", "csv", "json", "parquet", "text"]
OutputKind = Literal["file", "folder", "json", "stdout", "text"]


class CommandProgram(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="command"):
    """A command line. A text goes to the shell; a list of words is started as it is. With an image, in a container."""

    name: str
    command: str | list[str]
    inputs: dict[str, InputKind]
    outputs: dict[str, str]
    """"file", "file:model.bin", "folder", "text", "json" or "stdout", by name."""
    image: str = ""
    files: list[str] = []
    """Files and folders of the project that it reads as code: their content counts for the cache."""
    skip_code: int = 0
    """Exit code by which it says that it is skipped; 0: none."""

    @property
    def words(self) -> list[str]:
        """Its words, as far as they can be told apart."""
        if isinstance(self.command, list):
            return self.command
        try:
            return shlex.split(self.command, comments=True)
        except ValueError:
            return self.command.split()


class NotebookProgram(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="notebook"):
    """A notebook, by its file."""

    name: str
    file: str
    inputs: list[str]
    outputs: list[str] = []
    """Variables whose values it gives, besides the executed copy."""
    kernel: str = ""
    files: list[str] = []


Program = CommandProgram | NotebookProgram


def program_of(given: dict[str, Any]) -> Program:
    """A program from what a task says of it."""
    found: Program = msgspec.convert(given, CommandProgram | NotebookProgram)
    return found


def program_digest(given: dict[str, Any]) -> str:
    """Content id of a program and of its files as they are now, in the folder this process is in."""
    program = program_of(given)
    named = [*program.files, *(_scripts(program.words) if isinstance(program, CommandProgram) else [program.file])]
    files = {name: _content(Path(name)) for name in sorted(set(named))}
    if isinstance(program, NotebookProgram):
        files[program.file] = _cells(Path(program.file))
    return json_digest([given, files])


def program_source(given: dict[str, Any]) -> str:
    """What a reader is shown as its code."""
    program = program_of(given)
    if isinstance(program, NotebookProgram):
        return program.file
    return program.command if isinstance(program.command, str) else shlex.join(program.command)


def _scripts(words: list[str]) -> list[str]:
    """Words that are files of the project: `python train.py` runs what is in train.py."""
    return [word for word in words if not Path(word).is_absolute() and Path(word).is_file()]


def _content(path: Path) -> str:
    if path.is_dir():
        inside = sorted(one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
        return json_digest([[str(one.relative_to(path)), _file_digest(one)] for one in inside])
    return _file_digest(path) if path.is_file() else ""


def _file_digest(path: Path) -> str:
    found = hasher()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            found.update(data)
    return found.hexdigest()


def _cells(path: Path) -> str:
    """A notebook's code and text; what it printed when it was last open does not count."""
    try:
        cells = msgspec.json.decode(path.read_bytes())["cells"]
    except (OSError, KeyError, TypeError, msgspec.DecodeError):
        return _content(path)
    return digest(msgspec.json.encode([[cell.get("cell_type"), cell.get("source")] for cell in cells]))
