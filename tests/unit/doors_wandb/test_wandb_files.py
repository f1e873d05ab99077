"""A run folder of the real client, and damaged and crafted ones."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base.errors import Damaged, Invalid
from tenfold.doors import wandb
from tenfold.doors.wandb.log import BLOCK_BYTES, HEAD, records

GOLDEN = Path(__file__).parents[2] / "golden" / "imports" / "wandb"


def framed(data: list[bytes]) -> bytes:
    """Records as LevelDB's log lays them in blocks."""
    out = bytearray(HEAD)
    for record in data:
        first = True
        while True:
            room = BLOCK_BYTES - len(out) % BLOCK_BYTES
            if room < 7:
                out += bytes(room)
                continue
            part, record = record[: room - 7], record[room - 7 :]
            kind = (1 if first else 4) if not record else (2 if first else 3)
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            first = False
            if not record:
                break
    return bytes(out)


def field(number: int, value: bytes | int) -> bytes:
    def varint(n: int) -> bytes:
        return bytes([n & 0x7F | 0x80]) + varint(n >> 7) if n > 0x7F else bytes([n])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def item(key: str, value: object) -> bytes:
    return field(1, field(1, key.encode()) + field(16, msgspec.json.encode(value)))


RUN = field(17, field(1, b"r1") + field(3, b"p") + field(17, field(1, 1_700_000_000)))


def write(folder: Path, data: list[bytes], name: str = "run-r1.wandb") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(framed(data))
    return folder


def read(path):
    unplaced = Counter()
    return list(wandb.read(path, unplaced)), unplaced


@given(st.lists(st.binary(max_size=100) | st.integers(1, 90_000).map(lambda n: b"x" * n), max_size=6))
def test_records_of_any_length_are_read_across_blocks(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("log") / "a.wandb"
    path.write_bytes(framed(data))
    assert list(records(path)) == data


def test_the_real_clients_run_is_read_whole():
    [run], unplaced = read(GOLDEN)
    assert (run.project, run.name, run.state, run.group) == ("churn", "wandb one", "finished", "g1")
    assert run.params == {"lr": 0.1, "net": {"layers": [64, 32]}, "opt": "adam", "late": 5}
    assert run.tags == {"baseline": "", "small": "", "wandb.job_type": "train"}
    assert (run.notes, run.console, run.result) == ("first try", "hello from wandb\n", {"best": 0.25})
    assert run.environment["packages"]["wandb"] == "0.31.0"
    assert run.code.entry_point.endswith("make_wandb.py")
    points = dict(run.points)
    assert np.frombuffer(points["loss"].values, "<f8").tolist() == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert np.frombuffer(points["val.acc"].steps, "<i8").tolist() == [0, 1, 2, 3, 4]
    assert np.isnan(np.frombuffer(points["nan"].values, "<f8")).all()
    assert np.isposinf(np.frombuffer(points["inf"].values, "<f8")).all()
    assert any(key.startswith("system/") for key in points)
    items = {found.key: found for found in run.items}
    assert set(items) == {"name", "hist", "img", "tab"}
    assert items["img"].type == "image/png" and items["img"].step == 7
    assert msgspec.json.decode(items["tab"].files["table.json"]) == {"columns": ["a", "b"], "rows": [[1, "x"]]}
    assert unplaced == {"metric definitions": 1, "artifact files that are not on this machine": 1}


def test_a_run_without_an_end_is_lost_and_one_that_failed_says_its_code(tmp_path):
    [run], _ = read(write(tmp_path / "a", [RUN]))
    assert run.state == "lost"
    [run], _ = read(write(tmp_path / "b", [RUN, field(18, field(1, 3))]))
    assert (run.state, run.error) == ("failed", "Exit code 3")


def test_a_resumed_run_in_two_folders_is_one_run(tmp_path):
    def logged(step: int) -> bytes:
        return field(2, item("loss", step / 2) + field(2, field(1, step)))

    write(tmp_path / "run-1", [RUN, logged(0), logged(1)])
    later = field(17, field(1, b"r1") + field(3, b"p") + field(17, field(1, 1_700_009_000)))
    write(tmp_path / "run-2", [later, logged(2), field(18, b"")])
    [run], _ = read(tmp_path)
    assert (run.state, run.started_at_ms) == ("finished", 1_700_000_000_000)
    assert np.frombuffer(dict(run.points)["loss"].steps, "<i8").tolist() == [0, 1, 2]


def test_a_link_to_the_latest_run_gives_no_second_run(tmp_path):
    write(tmp_path / "wandb" / "run-1", [RUN])
    (tmp_path / "wandb" / "latest-run").symlink_to("run-1")
    assert len(read(tmp_path / "wandb")[0]) == 1


def test_an_artifact_whose_files_are_here_is_kept_as_its_kind(tmp_path):
    (tmp_path / "weights").write_bytes(b"12345")
    entry = field(4, field(1, b"w.bin") + field(4, 5) + field(6, str(tmp_path / "weights").encode()))
    artifact = field(8, field(4, b"model") + field(5, b"net") + field(12, entry))
    [run], unplaced = read(write(tmp_path / "run", [RUN, artifact]))
    [found] = run.items
    assert (found.kind, found.name, dict(found.files)) == ("model", "net", {"w.bin": tmp_path / "weights"})
    assert not unplaced


def test_a_crafted_media_path_cannot_leave_the_runs_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    value = {"_type": "image-file", "path": "../../secret.png"}
    [run], unplaced = read(write(tmp_path / "w" / "run", [RUN, field(2, item("img", value))]))
    assert list(run.items) == []
    assert unplaced["media of type image-file, whose files are not in the source"] == 1


def test_a_damaged_file_gives_what_lies_before(tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "copy")
    path = next((tmp_path / "copy").rglob("*.wandb"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged):
        list(records(path))
    [run], unplaced = read(tmp_path / "copy")
    assert run.state == "lost" and "loss" in dict(run.points)
    assert unplaced[".wandb files that are damaged, from there on"] == 1


def test_what_is_no_run_folder_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(Invalid, match="run's folder"):
        read(tmp_path)
