"""A program in a container: its datum's folders are mounted at /pfs, all else is the image's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tenfold.base import settings
from tenfold.pipelines.datums.program import Program
from tenfold.pipelines.executors.docker import DockerOptions

_ANSWER_S = 20.0


def docker_is_missing() -> str:
    """Why no container can be started here; '' when one can."""
    if shutil.which("docker") is None:
        return "there is no docker command here. Install Docker"
    try:
        done = subprocess.run(["docker", "version"], capture_output=True, text=True, timeout=_ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"docker did not answer ({error}). See: docker info"
    return "" if done.returncode == 0 else "no Docker daemon answers here. Start dockerd, or set DOCKER_HOST"


def container_words(
    program: Program, cmd: list[str], pfs: Path, out: Path, name: str, variables: Iterable[str]
) -> list[str]:
    """The command line that runs a program's command in a new container, as this user, with stdin.

    Mounts, network and options are those of [executors.docker] in tenfold.toml.

    Args:
        variables: Names that are handed on from docker's own environment: values never stand in a command line.
    """
    words = ["docker", "run", "--rm", "--interactive", f"--name={name}", f"--user={os.getuid()}:{os.getgid()}"]
    words += [f"--volume={pfs}:/pfs", f"--volume={out}:/pfs/out", f"--workdir={program.working_dir}"]
    words += [f"--env={variable}" for variable in variables]
    words += [f"--memory={program.memory_bytes}"] if program.memory_bytes else []
    words += [f"--cpus={program.cpus:g}"] if program.cpus else []
    options = msgspec.convert(settings.section("executors", "docker"), DockerOptions)
    words += [f"--volume={one if ':' in one else f'{one}:{one}'}" for one in options.mounts]
    words += [f"--network={options.network}"] if options.network else []
    words += options.options
    return [*words, f"--entrypoint={cmd[0]}", program.image, *cmd[1:]]


def remove_container(name: str) -> None:
    """End a container that may still run; one that is not there is no error."""
    subprocess.run(["docker", "rm", "--force", name], capture_output=True, timeout=_ANSWER_S, check=False)
