"""The middle place of an incremental run, mapped over batches: the user's function, or a program, on each datum."""

from __future__ import annotations

import functools
import inspect
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tenfold.base.errors import StepFailed
from tenfold.pipelines.authoring.steps import Step, step
from tenfold.pipelines.datums.batches import Performer, Place, alarm, run_batch
from tenfold.pipelines.datums.combining import Datum
from tenfold.pipelines.datums.container import container_words, remove_container
from tenfold.pipelines.datums.definition import decode_batch
from tenfold.pipelines.datums.functions import LazyFiles, bind, info_of, values_of
from tenfold.pipelines.datums.namespace import enter, is_possible
from tenfold.pipelines.datums.program import Program
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.programs.process import ended
from tenfold.pipelines.secrets.keeping import secret_here


class PerDatum(Step[..., Any]):
    """A step whose function is called once a datum, in batches. Its arguments are those of a batch."""

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(_takes_batch)

    def call(self, arguments: dict[str, Any]) -> Any:
        return run_batch(arguments["batch"], FunctionPerformer(self.function))


def _takes_batch(batch: Path) -> Path:
    return batch


@step(name="program", cache=False)
def run_program(batch: Path) -> Path:
    """Run a definition's program on each datum of a batch."""
    found = decode_batch(batch.read_bytes()).definition.program
    assert found is not None
    return run_batch(batch, ProgramPerformer(found))


class FunctionPerformer(Performer):
    """Calls a function with paths."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def perform(self, place: Place, datum: Datum, out: Path, timeout_s: float | None) -> None:
        made = [
            LazyFiles(part.path, place.entries(part), place.blobs(part))
            if place.files[part.source].lazy
            else place.path(part)
            for part in datum.parts
        ]
        given = place.batch.definition.input
        bound = bind(self._function, given, values_of(given, datum, made), out, info_of(datum))
        with alarm(timeout_s):
            self._function(*bound.args, **bound.kwargs)


class ProgramPerformer(Performer):
    """Starts a program with its inputs in /pfs."""

    takes_lazy = False

    def __init__(self, program: Program) -> None:
        self._program = program

    def perform(self, place: Place, datum: Datum, out: Path, timeout_s: float | None) -> None:
        code = self._start(place, datum, out, self._program.cmd, self._program.stdin, timeout_s)
        if code != 0 and code not in self._program.accept_return_code:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise StepFailed(f"{self._program.cmd[0]} {how}. See what it printed with: tenfold pipelines logs")

    def recover(self, place: Place, datum: Datum, out: Path) -> bool:
        if not self._program.err_cmd:
            return False
        return self._start(place, datum, out, self._program.err_cmd, self._program.err_stdin, None) == 0

    def _start(
        self, place: Place, datum: Datum, out: Path, cmd: list[str], stdin: list[str], timeout_s: float | None
    ) -> int:
        pfs, root = place.folder / "pfs", place.folder / "root"
        try:
            _lay_out(place, datum, pfs)
            root.mkdir(exist_ok=True)
            image, container = self._program.image, f"tenfold-{datum.id[:12]}-{os.getpid()}"
            private = bool(image) or is_possible()
            if private:
                (pfs / "out").mkdir()
            else:
                (pfs / "out").symlink_to(out)
            top = "/pfs" if private else str(pfs)
            told = {**self._told(place, datum, top), **self._program.env}
            told |= {variable: self._secret(name) for variable, name in self._program.secrets.items()}
            before_exec = enter(root, pfs, out, self._program.working_dir) if private and not image else None
            process = subprocess.Popen(
                container_words(self._program, cmd, pfs, out, container, told) if image else cmd,
                stdin=subprocess.PIPE,
                env={**os.environ, **told},
                cwd=None if private else _inside(self._program.working_dir, pfs),
                preexec_fn=_limited(self._program.memory_bytes if not image else 0, before_exec),
                start_new_session=True,
            )
            try:
                return _wait(process, "".join(f"{line}\n" for line in stdin).encode(), timeout_s)
            except TimeoutError:
                if image:
                    remove_container(container)
                raise
        finally:
            shutil.rmtree(pfs, ignore_errors=True)

    @staticmethod
    def _secret(name: str) -> str:
        return secret_here(name, at_hand().stores)

    def _told(self, place: Place, datum: Datum, top: str) -> Mapping[str, str]:
        names = self._program.names
        told = {f"{names}_DATUM_ID": datum.id, f"{names}_PFS": top}
        told |= {f"{names}_{name}": value for name, value in place.batch.names.items()}
        for part in datum.parts:
            files = place.files[part.source]
            told[part.name] = f"{top}/{part.name}/{part.path}".rstrip("/")
            told[f"{part.name}_COMMIT"] = place.batch.sources[part.source].version_id
            if part.key:
                told[f"{names}_DATUM_{part.name}_{'GROUP_BY' if files.group_by else 'JOIN_ON'}"] = part.key
        return told


def _limited(memory_bytes: int, inner: Callable[[], None] | None) -> Callable[[], None] | None:
    """What a child calls before it becomes the program, so that it, and each process it starts, gets no more memory."""
    if not memory_bytes:
        return inner

    def before_exec() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        if inner is not None:
            inner()

    return before_exec


def _lay_out(place: Place, datum: Datum, pfs: Path) -> None:
    """The folders that a program sees: hard links, so that nothing is copied."""
    shutil.rmtree(pfs, ignore_errors=True)
    pfs.mkdir()
    for part in datum.parts:
        top = pfs / part.name
        top.mkdir(exist_ok=True)
        whole = place.path(part)
        inputs = whole if not part.path else whole.parents[part.path.count("/")]
        for entry in place.entries(part):
            target = top / entry.path
            if entry.kind == "folder":
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(inputs / entry.path, target, follow_symlinks=False)


def _inside(working_dir: str, pfs: Path) -> str:
    return f"{pfs}{working_dir[4:]}" if working_dir == "/pfs" or working_dir.startswith("/pfs/") else working_dir


def _wait(process: subprocess.Popen[bytes], stdin: bytes, timeout_s: float | None) -> int:
    try:
        with ended(process):
            process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"took longer than {timeout_s:g} s") from None
    return process.returncode
