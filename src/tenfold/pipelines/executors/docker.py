"""Docker on this machine: an attempt is a container that sees the store's folder and your code, by its command line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import msgspec

from tenfold.base.errors import Invalid, Unavailable
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.job import JOB_FILE, MASTER_VARIABLE, RANK_VARIABLE, Job
from tenfold.pipelines.executors.ranks import PORT
from tenfold.pipelines.executors.remote import matching, refused

COMMAND_TIMEOUT_S = 120.0
LABEL = "tenfold.attempt"
_OVER = ("exited", "dead", "removed")


class DockerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of [executors.docker]."""

    image: str = ""
    """With Python, Tenfold and what the steps import."""
    python: str = "python"
    """The interpreter in the image."""
    mounts: list[str] = []
    """More folders to see inside: "/data", or as docker's --volume takes them "/data:/mnt:ro"."""
    network: str = ""
    options: list[str] = []
    """More options of docker run, each a word."""
    environ: tuple[str, ...] = ("TENFOLD_*", "AWS_*")
    """Variables that go along."""
    jobs: int = 0
    """Containers at once; 0: one a core."""


class DockerEngine(Engine):
    """Containers of the local daemon. A handle is a container's name, or the names of all ranks'."""

    Options = DockerOptions
    look_s = 0.5
    same_machine = True
    many_nodes = True

    def __init__(self, options: DockerOptions) -> None:
        if shutil.which("docker") is None:
            raise Invalid("There is no docker command here. Install Docker, or name another executor", field="executor")
        self.options, self.slots = options, options.jobs or os.cpu_count() or 1

    def start(self, job: Job, place: Path) -> str:
        image = job.work.image or self.options.image
        if not image:
            raise Invalid(
                'No image is named. Write image = "…" under [executors.docker] in tenfold.toml', field="image"
            )
        master = f"127.0.0.1:{PORT}"
        for rank, name in enumerate(_containers(job)):
            ranked = [f"--env={RANK_VARIABLE}={rank}", f"--env={MASTER_VARIABLE}={master}"]
            words = ["run", "--detach", f"--name={name}", *self._words(job, place, first=not rank)]
            words += ranked if job.work.resources.nodes > 1 else []
            words += [f"--entrypoint={self.options.python}", image]
            words += ["-P", "-m", "tenfold.pipelines.executors.attempt", str(place / JOB_FILE)]
            done = _docker(words)
            if done.returncode:
                self.release(" ".join(_containers(job)))
                raise refused("Docker", done.stderr)
        return " ".join(_containers(job))

    def _words(self, job: Job, place: Path, *, first: bool) -> list[str]:
        """Options of docker run that all containers of an attempt have; they share the network of the first."""
        words = [f"--label={LABEL}={job.work.task_id}", "--log-driver=json-file", f"--user={os.getuid()}:{os.getgid()}"]
        words += ["--env=HOME=/tmp", "--env=PYTHONDONTWRITEBYTECODE=1"]
        words += [f"--volume={one}" for one in self._volumes(job, place)]
        if not first:
            words += [f"--network=container:{job.name}"]
        elif self.options.network:
            words += [f"--network={self.options.network}"]
        words += [f"--env={name}" for name in matching(self.options.environ)]  # values come from docker's environment
        return [*words, *resource_words(job), *self.options.options]

    def _volumes(self, job: Job, place: Path) -> list[str]:
        """The store's folder, the folders of the project's code, and those of the settings; alone: under its own path."""
        target = job.setup.target
        store = place.parent.parent
        code = {target.folder, *target.path} | ({str(Path(target.file).parent)} if target.file else set())
        named = [one if ":" in one else f"{one}:{one}" for one in self.options.mounts]
        inside = {one.split(":")[1] for one in named} | {str(store)}
        own = [one for one in sorted(code - inside) if one and Path(one).is_dir() and not _is_python(one)]
        return [f"{store}:{store}", *(f"{one}:{one}" for one in own), *named]

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        words = ["ps", "--all", "--no-trunc", f"--filter=label={LABEL}", "--format={{.Names}}|{{.State}}|{{.Status}}"]
        done = _docker(words)
        if done.returncode:
            raise Unavailable(f"Docker does not answer: {done.stderr.strip()}. See: docker info")
        found = {line.split("|")[0]: line.split("|")[1:] for line in done.stdout.splitlines()}
        gone = {}
        for handle in places:
            states = [found.get(name, ["removed", "removed"]) for name in handle.split()]
            state, status = next((one for one in states if one[0] not in _OVER), states[0])
            if state in _OVER:
                gone[handle] = (
                    f"Docker's container {handle} ended ({status}) and wrote no outcome. {self._last_words(handle)}"
                )
        return gone

    def _last_words(self, handle: str) -> str:
        name = handle.split()[0]
        oom = _docker(["inspect", "--format={{.State.OOMKilled}}", name]).stdout.strip() == "true"
        said = _docker(["logs", "--tail=20", name])
        return ("It ran out of memory. " if oom else "") + (said.stdout + said.stderr).strip()[-1000:]

    def stop(self, handles: list[str]) -> None:
        _docker(["kill", *(name for handle in handles for name in handle.split())])

    def release(self, handle: str) -> None:
        _docker(["rm", "--force", "--volumes", *handle.split()])


def _containers(job: Job) -> list[str]:
    return [job.name, *(f"{job.name}-{rank}" for rank in range(1, job.work.resources.nodes))]


def resource_words(job: Job) -> list[str]:
    """A step's resources as options of docker run."""
    asked = job.work.resources
    words = [f"--cpus={asked.cpu:g}"] if asked.cpu else []
    words += [f"--memory={asked.memory_bytes}"] if asked.memory_bytes else []
    return words + ([f"--gpus={asked.gpu}"] if asked.gpu else [])


def _is_python(folder: str) -> bool:
    """True for a folder of the interpreter or of installed packages: the image brings its own."""
    return "site-packages" in folder or "lib-dynload" in folder or "/lib/python3" in folder


def _docker(words: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"docker did not answer: {error}. See: docker info") from error
