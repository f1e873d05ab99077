"""Folders of event files as runs: each folder that holds some is one, as TensorBoard itself has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold.base.errors import Damaged, Invalid
from tenfold.doors.tensorboard import events
from tenfold.doors.tensorboard.events import Event, Summary
from tenfold.doors.tensorboard.tfrecord import records
from tenfold.workspace.imported import Gathering, ImportedItem, ImportedRun, histogram_item

SOURCE = "tensorboard"
_NAMES = "*tfevents*"
_SUFFIXES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}


def read(path: Path, unplaced: Counter[str]) -> Iterator[ImportedRun]:
    """The runs below a folder, in order of path, or of one event file. Times and ids come from the events themselves.

    Raises:
        Invalid: There is no event file.
    """
    found = [path] if path.is_file() else sorted(each for each in path.rglob(_NAMES) if each.is_file())
    if not found:
        raise Invalid(
            f"There is no event file in {path}. Name the folder TensorBoard is given with --logdir", field="path"
        )
    root = path.parent if path.is_file() else path
    for folder in sorted({each.parent for each in found}):
        run = _run(folder, sorted(each for each in found if each.parent == folder), root, unplaced)
        if run is not None:
            yield run


def _run(folder: Path, files: list[Path], root: Path, unplaced: Counter[str]) -> ImportedRun | None:
    gathering, params, others = Gathering(), dict[str, Any](), set[str]()
    first_ms = last_ms = 0
    plugins: dict[str, str] = {}
    first_record = b""
    for event, record in _events(files, unplaced):
        first_record = first_record or record
        first_ms, last_ms = first_ms or event.at_ms, max(last_ms, event.at_ms)
        if event.other:
            unplaced[event.other] += 1
        for summary in event.summaries:
            plugin = plugins.setdefault(summary.tag, summary.plugin)
            if plugin == "hparams":
                params |= events.hyperparameters(summary.content)
            elif (value := _scalar(summary, plugin)) is not None:
                gathering.add(summary.tag, event.step, value, event.at_ms)
            elif _is_media(summary, plugin):
                others.add(summary.tag)
            elif summary.sort != "nothing":
                unplaced[f"summaries of {plugin or summary.sort}"] += 1
    if not first_record:
        return None
    name = folder.relative_to(root).as_posix()
    return ImportedRun(
        source=SOURCE,
        # the first file's name, its folder's, and the time of its first event: they stay when the whole is moved
        id=f"{files[0].name}/{folder.name}/{first_record[1:9].hex()}",
        project=root.resolve().name,
        name=folder.resolve().name if name == "." else name,
        started_at_ms=first_ms,
        ended_at_ms=last_ms,
        params=params,
        points=gathering.points(),
        items=_items(files, plugins) if others else (),
    )


def _events(files: list[Path], unplaced: Counter[str]) -> Iterator[tuple[Event, bytes]]:
    for file in files:
        try:
            for record in records(file):
                yield events.parse(record), record
        except (Damaged, ValueError, OverflowError):
            unplaced["event files that are damaged, from there on"] += 1


def _scalar(summary: Summary, plugin: str) -> float | None:
    if summary.sort == "scalar":
        return float(summary.data)
    if summary.sort == "tensor" and plugin in ("scalars", ""):
        found = events.numbers(summary.data)
        return found[0] if len(found) == 1 else None
    return None


def _is_media(summary: Summary, plugin: str) -> bool:
    if summary.sort == "tensor":
        return plugin in ("images", "audio", "text", "histograms")
    return summary.sort in ("image", "audio", "histogram")


def _items(files: list[Path], plugins: dict[str, str]) -> Iterator[ImportedItem]:
    """What is no number, read in a second pass so that not all of it is in memory at once."""
    for event, _ in _events(files, Counter()):
        for summary in event.summaries:
            yield from _media(summary, plugins.get(summary.tag, ""), event)


def _media(summary: Summary, plugin: str, event: Event) -> Iterator[ImportedItem]:
    if summary.sort == "histogram":
        counts, edges = summary.data
        yield histogram_item(summary.tag, counts, edges, step=event.step, at_ms=event.at_ms)
    elif summary.sort == "tensor" and plugin == "histograms":
        found = events.numbers(summary.data)
        if buckets := [found[i : i + 3] for i in range(0, len(found) - 2, 3)]:
            edges = [buckets[0][0], *(right for _, right, _ in buckets)]
            counts = [count for _, _, count in buckets]
            yield histogram_item(summary.tag, counts, edges, step=event.step, at_ms=event.at_ms)
    else:
        for name, content, type_ in _contents(summary, plugin):
            yield ImportedItem(key=summary.tag, files={name: content}, type=type_, step=event.step, at_ms=event.at_ms)


def _contents(summary: Summary, plugin: str) -> Iterator[tuple[str, bytes, str]]:
    """(file name, bytes, type) of each image, sound or text of a summary."""
    if summary.sort == "image":
        yield _image(summary.data)
    elif summary.sort == "audio":
        yield "audio.wav", summary.data, "audio/wav"
    elif summary.sort == "tensor" and plugin == "images":
        for each in events.strings(summary.data)[2:]:  # before them: width and height
            yield _image(each)
    elif summary.sort == "tensor" and plugin == "audio":
        for each in events.strings(summary.data):
            if each[:4] == b"RIFF":
                yield "audio.wav", each, "audio/wav"
    elif summary.sort == "tensor" and plugin == "text":
        yield "text.txt", b"\n".join(events.strings(summary.data)), "text"


def _image(data: bytes) -> tuple[str, bytes, str]:
    suffix = next((suffix for head, suffix in _SUFFIXES.items() if data.startswith(head)), "png")
    return f"image.{suffix}", data, f"image/{suffix}"
