"""The project's sources, taken along to nodes that do not see them: packed here, laid out there, imported from there.

Only modules of the project that this process has imported go along, never installed packages or data beside them.
"""

from __future__ import annotations

import io
import os
import tarfile
from functools import cache
from pathlib import Path, PurePosixPath

import msgspec
import zstandard

from tenfold.base.errors import StepFailed
from tenfold.pipelines.caching.code import own_sources
from tenfold.pipelines.executors.job import Job
from tenfold.pipelines.work import Target

LIMIT_BYTES = 700_000
"""Packed; a Secret of Kubernetes holds 1 MiB, in base64."""


def packed(target: Target) -> bytes:
    """The sources of the project, by the entry of sys.path that they are imported from.

    Raises:
        StepFailed: They are larger than a job can carry.
    """
    data = _packed(tuple(_places(target)), tuple(own_sources()))
    if len(data) > LIMIT_BYTES:
        raise StepFailed(
            f"The project's sources are {len(data):,} bytes packed; a job carries {LIMIT_BYTES:,}. Put them into the image "
            "and write ship_code = false"
        )
    return data


@cache
def _packed(places: tuple[str, ...], sources: tuple[tuple[str, int, int], ...]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for file, _, _ in sources:
            within = [index for index, place in enumerate(places) if Path(place) in Path(file).parents]
            if within and file.endswith(".py"):
                index = max(within, key=lambda one: len(places[one]))
                info = tarfile.TarInfo(str(PurePosixPath(str(index), *Path(file).relative_to(places[index]).parts)))
                data = Path(file).read_bytes()
                info.size, info.mode = len(data), 0o644
                tar.addfile(info, io.BytesIO(data))
    return zstandard.compress(held.getvalue(), 9)


def _places(target: Target) -> list[str]:
    """Folders that modules of the project are imported from: sys.path, and the script's own."""
    own = [str(Path(target.file).parent)] if target.file else []
    return list(dict.fromkeys(os.path.realpath(entry) for entry in [*own, *target.path] if entry))


def unpacked(job: Job, folder: Path) -> Job:
    """The job with its sources laid out below `folder`, and its target pointing there; as it is when it carries none."""
    if not job.code:
        return job
    target, root = job.setup.target, folder / "code"
    with tarfile.open(fileobj=io.BytesIO(zstandard.decompress(job.code))) as tar:
        tar.extractall(root, filter="data")
    places = _places(target)
    path = [str(root / str(index)) for index in range(len(places)) if (root / str(index)).is_dir()]
    file = target.file
    if file is not None:
        parent = places.index(os.path.realpath(Path(file).parent))
        file = str(root / str(parent) / Path(file).name)
    here = target.folder if Path(target.folder).is_dir() else str(folder)
    moved = msgspec.structs.replace(target, file=file, path=path, folder=here)
    return msgspec.structs.replace(job, code=b"", setup=msgspec.structs.replace(job.setup, target=moved))
