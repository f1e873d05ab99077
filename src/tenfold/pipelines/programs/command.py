"""`tenfold.command(…)`: a command line as a step, with declared inputs and outputs."""

from __future__ import annotations

import inspect
import re
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import msgspec

from tenfold.base.errors import Invalid, StepFailed
from tenfold.pipelines.authoring.options import ONLY_OUTPUT, StepOptions
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.host import find_at_hand
from tenfold.pipelines.programs.containers import container_words
from tenfold.pipelines.programs.definition import CommandProgram
from tenfold.pipelines.programs.process import run_process
from tenfold.pipelines.programs.spelling import spelled
from tenfold.pipelines.skipping import Skipped

_PLACE = re.compile(r"(?<![$\\])\{(out\.)?([A-Za-z_]\w*)\}")
_INPUTS = ("auto", "csv", "json", "parquet", "text")
_OUTPUTS = ("file", "folder", "json", "stdout", "text")


def command(
    name: str,
    command: str | Sequence[str],
    *,
    inputs: Mapping[str, str] | Sequence[str] | None = None,
    outputs: Mapping[str, str] | None = None,
    files: Sequence[str] = (),
    skip_code: int = 0,
    **options: Unpack[StepOptions],
) -> Command:
    """A step that is a command line, in any language: `command("train", "python train.py {data} {out.model}", outputs={"model": "file"})`.

    Call it in a pipeline like a step, with its inputs: `train(data=prepared)`. `{data}` becomes the path of a file, or
    the text of a text or number; `{out.model}` the path to write that output to. It runs where the pipeline was started
    (or in `cwd=`); what it prints is the step's log, and any exit code but 0 fails the step.

    Args:
        command: Text for the shell, in which inputs come quoted; or a list of words, started without a shell.
        inputs: Names, or how each is written: "auto" (paths as they are, texts and numbers as text, tables as Parquet,
            other data as JSON), "csv", "parquet", "json", "text". Those of the command when not given.
        outputs: What it writes, by name: "file" ("file:model.bin" where the name matters), "folder", "text" and "json"
            (a file that is read), "stdout" (what it prints).
        files: Files and folders it runs from, which count for the cache. Words of the command that are files of the
            project, like train.py, do by themselves.
        skip_code: An exit code by which the command says that the step counts as skipped; 0: none.
        options: As for `@step`.

    Raises:
        Invalid: A place in the command that is not declared, or a kind that there is not.
    """
    places = [(bool(one[1]), one[2]) for word in _words(command) for one in _PLACE.finditer(word)]
    declared = {ONLY_OUTPUT: "none"} if not outputs else dict(outputs)
    taken = _inputs(inputs, [place for is_out, place in places if not is_out], what=name)
    for is_out, place in places:
        if is_out and place not in declared:
            raise Invalid(
                f"Command {name!r} writes {{out.{place}}}, which it does not declare. Write outputs={{{place!r}: 'file'}}",
                field="outputs",
            )
    for output, kind in (outputs or {}).items():
        if kind.partition(":")[0] not in _OUTPUTS:
            raise Invalid(
                f"Command {name!r}: output {output!r} is {', '.join(_OUTPUTS)}, not {kind!r}", field="outputs"
            )
    if sum(kind == "stdout" for kind in declared.values()) > 1:
        raise Invalid(f"Command {name!r} has only one stdout", field="outputs")
    words = command if isinstance(command, str) else list(command)
    made = msgspec.convert(
        {
            "type": "command",
            "name": name,
            "command": words,
            "inputs": taken,
            "outputs": declared,
            "files": list(files),
            "skip_code": skip_code,
        },
        CommandProgram,
    )
    return Command(made, **options)


def _words(command: str | Sequence[str]) -> list[str]:
    if not command:
        raise Invalid("A command has at least one word", field="command")
    return [command] if isinstance(command, str) else list(command)


def _inputs(given: Mapping[str, str] | Sequence[str] | None, used: list[str], *, what: str) -> dict[str, str]:
    if given is None:
        return dict.fromkeys(used, "auto")
    taken = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given, "auto")
    for name, kind in taken.items():
        if not isinstance(kind, str) or kind not in _INPUTS:
            raise Invalid(
                f"Command {what!r}: input {name!r} is written as {', '.join(_INPUTS)}, not {type(kind).__name__ if not isinstance(kind, str) else repr(kind)}. Its value is given "
                f"when it is called in a pipeline: {what}({name}=…)",
                field="inputs",
            )
    if missing := [name for name in used if name not in taken]:
        raise Invalid(f"Command {what!r} reads {{{missing[0]}}}, which is not among its inputs", field="inputs")
    return taken


def container(
    name: str,
    *,
    image: str,
    command: str | Sequence[str],
    inputs: Mapping[str, str] | Sequence[str] | None = None,
    outputs: Mapping[str, str] | None = None,
    files: Sequence[str] = (),
    **options: Any,
) -> Command:
    """A step that is a command in a container image, started by Docker where the step runs; otherwise as `command`.

    The image needs neither Python nor Tenfold; of a command given as text, /bin/sh. It sees the folder the pipeline was
    started in and the step's files, under their own paths, as the user who runs it. `resources=` limits it, `environ=` and
    `secrets=` give it variables. It ends with the step, however that ends. On the executor kubernetes it is a second
    container of the step's pod, which needs /bin/sh and sees the step's files and the volumes of the settings.

    Raises:
        Invalid: As for `command`; or no image.
    """
    if not image:
        raise Invalid(f"Container {name!r} needs an image, like image='alpine:3'", field="image")
    made = _command(name, command, inputs=inputs, outputs=outputs, files=files, **options)
    return Command(msgspec.structs.replace(made.definition, image=image), **options)


_command = command


class Command(Step[..., Any]):
    """A step that runs a command line."""

    def __init__(self, definition: CommandProgram, **options: Unpack[StepOptions]) -> None:
        def run_command(*args: Any, **kwargs: Any) -> Any:
            return _run(definition, self.bind(args, kwargs))

        run_command.__module__, run_command.__qualname__ = "tenfold.pipelines.programs", "program_step"
        self.definition = definition
        super().__init__(run_command, name=definition.name, outputs=tuple(definition.outputs), **options)

    @property
    def signature(self) -> inspect.Signature:
        """Its inputs."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in self.definition.inputs])

    @property
    def program(self) -> dict[str, Any]:
        return dict(msgspec.to_builtins(self.definition))


def _run(definition: CommandProgram, values: dict[str, Any]) -> Any:
    at_hand = find_at_hand()
    scratch = Path(tempfile.mkdtemp(prefix="command-", dir=at_hand.scratch if at_hand else None))
    out = scratch / "out"
    out.mkdir()
    if definition.image:  # in its container it may be another user
        scratch.chmod(0o755)
        out.chmod(0o777)
    given = {name: spelled(name, values[name], kind, scratch / "in") for name, kind in definition.inputs.items()}
    paths = {name: out / (kind.partition(":")[2] or name) for name, kind in definition.outputs.items()}
    for name, kind in definition.outputs.items():
        if kind == "folder":
            paths[name].mkdir()
            paths[name].chmod(0o777 if definition.image else 0o755)
    words = _filled(definition.command, given, {name: str(path) for name, path in paths.items()})
    if definition.image:
        words = container_words(definition.image, words, scratch, at_hand)
    keep = next((paths[name] for name, kind in definition.outputs.items() if kind == "stdout"), None)
    try:
        code, tail = run_process(words, keep=keep, holds=bool(definition.image))
    except FileNotFoundError as error:
        raise StepFailed(f"Command {definition.name!r} cannot be started: there is no {words[0]!r} here") from error
    if code and code == definition.skip_code:
        raise Skipped(tail[-1] if tail else f"it ended with exit code {code}")
    if code:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        said = "\n".join(tail)
        raise StepFailed(f"Command {definition.name!r} {how}{': ' + tail[-1] if tail else ''}\n{said}")
    read = [_read(definition.name, name, kind, paths[name]) for name, kind in definition.outputs.items()]
    return read[0] if len(read) == 1 else tuple(read)


def _filled(command: str | list[str], given: dict[str, str], out: dict[str, str]) -> list[str]:
    def fill(word: str, quote: Any) -> str:
        return _PLACE.sub(lambda found: quote((out if found[1] else given)[found[2]]), word)

    if isinstance(command, str):
        return ["/bin/sh", "-c", fill(command, shlex.quote)]
    return [fill(word, str) for word in command]


def _read(command: str, name: str, kind: str, path: Path) -> Any:
    if kind == "none":
        return None
    if not path.exists():
        raise StepFailed(
            f"Command {command!r} ended well but did not write its output {name!r}. It writes to {{out.{name}}}"
        )
    if kind in ("text", "stdout"):
        return path.read_text("utf-8", "replace").removesuffix("\n")
    if kind == "json":
        try:
            return msgspec.json.decode(path.read_bytes())
        except msgspec.DecodeError as error:
            raise StepFailed(f"Output {name!r} of command {command!r} is no JSON: {error}") from error
    return path
