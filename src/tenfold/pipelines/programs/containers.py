"""The command line that runs a program in a container: beside the step's own in its pod, or of this machine's Docker."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from tenfold.base.errors import StepFailed
from tenfold.pipelines.host import AtHand
from tenfold.pipelines.programs.beside import FOLDER_VARIABLE, beside_words

_WATCHED = "exec 3<&0; (cat <&3 >/dev/null; kill -KILL -1) & exec 3<&-; "
"""Stdin ends when the step does, however it ends, and then everything in the container is killed: the daemon alone would
let it run on."""


def container_words(image: str, words: list[str], scratch: Path, at_hand: AtHand | None) -> list[str]:
    """The words that run it beside the step, where an engine made its container there; else Docker's: what the step sees is mounted under its own path; variables keep their values out of the words.

    Raises:
        StepFailed: There is no docker command here.
    """
    files = at_hand.scratch if at_hand is not None else scratch
    if beside := os.environ.get(FOLDER_VARIABLE):
        for folder in files.glob("input-*"):  # the image's user may be another
            folder.chmod(0o755)
        return beside_words(beside, words, at_hand.variables if at_hand is not None else ())
    if shutil.which("docker") is None:
        raise StepFailed(
            "There is no docker command where this step runs. Install Docker there; or run it with executor='kubernetes', or, "
            f"in another container, let the engine run the image, with Tenfold in it: tenfold.command(…, image={image!r})"
        )
    folder = Path.cwd()
    made = ["docker", "run", "--rm", "--interactive", f"--name=tenfold-{secrets.token_hex(8)}"]
    made += [f"--user={os.getuid()}:{os.getgid()}", f"--workdir={folder}"]
    made += [f"--volume={one.absolute()}:{one.absolute()}" for one in dict.fromkeys([folder, files])]
    if at_hand is not None:
        made += [f"--env={name}" for name in at_hand.variables]
        made += [f"--cpus={at_hand.cpu:g}"] if at_hand.cpu else []
        made += [f"--memory={at_hand.memory_bytes}"] if at_hand.memory_bytes else []
    made += os.environ.get("TENFOLD_DOCKER_OPTIONS", "").split()
    if words[:2] == ["/bin/sh", "-c"]:
        return [*made, "--entrypoint=/bin/sh", image, "-c", f"{_WATCHED}{words[2]}"]
    return [*made, "--init", f"--entrypoint={words[0]}", image, *words[1:]]
