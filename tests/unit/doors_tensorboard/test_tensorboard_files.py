"""Event files written by tensorboardX, and damaged ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from tensorboardX import SummaryWriter

from tenfold.base.errors import Damaged, Invalid
from tenfold.doors import tensorboard
from tenfold.doors.tensorboard.events import numbers, parse
from tenfold.doors.tensorboard.tfrecord import crc32c, frame, records


@pytest.fixture
def written(tmp_path):
    folder = tmp_path / "logs" / "first"
    with SummaryWriter(str(folder)) as writer:
        for step in range(5):
            writer.add_scalar("loss", 1 / (step + 1), step, walltime=1_700_000_000 + step)
        writer.add_image("img", np.zeros((3, 2, 2)), 1)
        writer.add_text("note", "hello", 2)
        writer.add_histogram("w", np.arange(100.0), 3, bins=10)
        writer.add_hparams({"lr": 0.1, "opt": "adam", "bn": True}, {"best": 0.2}, name="trial")
        writer.add_pr_curve("pr", np.array([0, 1, 1]), np.array([0.1, 0.9, 0.8]), 0)
    return tmp_path / "logs"


def read(path):
    unplaced = Counter()
    return {run.name: run for run in tensorboard.read(path, unplaced)}, unplaced


def test_the_check_is_crc32c():
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, B.4 and every CRC catalogue


def test_each_folder_of_event_files_is_a_run_with_its_scalars(written):
    runs, _ = read(written)
    assert set(runs) == {"first", "first/trial"}
    points = dict(runs["first"].points)
    assert np.frombuffer(points["loss"].steps, "<i8").tolist() == [0, 1, 2, 3, 4]
    assert np.allclose(np.frombuffer(points["loss"].values, "<f8"), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert np.frombuffer(points["loss"].times_ms, "<i8")[0] == 1_700_000_000_000
    assert runs["first"].project == "logs"


def test_hyperparameters_are_params_with_their_types(written):
    runs, _ = read(written)
    assert runs["first/trial"].params == {"lr": 0.1, "opt": "adam", "bn": True}


def test_images_texts_and_histograms_are_kept_and_curves_are_counted(written):
    runs, unplaced = read(written)
    items = {item.type: item for item in runs["first"].items}
    assert items["image/png"].files["image.png"].startswith(b"\x89PNG")
    assert items["text"].files["text.txt"] == b"hello"
    assert b'"counts"' in items["histogram/json"].files["histogram.json"]
    assert items["histogram/json"].step == 3
    assert unplaced == {"summaries of pr_curves": 1}


def test_a_histogram_keeps_all_its_values(written):
    import msgspec

    runs, _ = read(written)
    item = next(item for item in runs["first"].items if item.type == "histogram/json")
    found = msgspec.json.decode(item.files["histogram.json"])
    assert sum(found["counts"]) == 100
    assert len(found["edges"]) == len(found["counts"]) + 1
    assert found["edges"] == sorted(found["edges"])


def test_a_moved_folder_is_the_same_run_and_two_writers_of_one_second_are_two(written, tmp_path):
    before = {run.id for run in read(written)[0].values()}
    assert len(before) == 2
    written.rename(tmp_path / "elsewhere")
    assert {run.id for run in read(tmp_path / "elsewhere")[0].values()} == before


def test_a_file_cut_anywhere_gives_the_whole_records_before(written, tmp_path):
    file = next((written / "first").glob("*tfevents*"))
    data = file.read_bytes()
    whole = list(records(file))
    cut = tmp_path / "cut"
    for size in range(0, len(data), 97):
        cut.write_bytes(data[:size])
        found = list(records(cut))
        assert found == whole[: len(found)]


def test_a_flipped_bit_is_damage_and_what_lies_before_is_imported(written):
    file = next((written / "first").glob("*tfevents*"))
    data = bytearray(file.read_bytes())
    first_two = sum(len(frame(record)) for record in list(records(file))[:3])
    data[first_two + 20] ^= 1
    file.write_bytes(data)
    with pytest.raises(Damaged):
        list(records(file))
    runs, unplaced = read(written / "first")
    assert unplaced["event files that are damaged, from there on"] == 1
    assert dict(runs["first"].points)["loss"].count == 2


def test_tensors_of_each_way_of_writing_give_their_numbers():
    import struct

    content = struct.pack("<d", 2.5)
    assert numbers(b"\x08\x02\x22\x08" + content) == [2.5]  # tensor_content
    assert numbers(b"\x08\x01\x2a\x08" + struct.pack("<2f", 0.5, 1.5)) == [0.5, 1.5]  # float_val, packed
    assert numbers(b"\x08\x09\x52\x02\x05\x07") == [5.0, 7.0]  # int64_val, packed
    assert numbers(b"\x08\x07\x42\x02hi") == []  # strings


def test_a_scalar_of_tensorflow_2_is_a_tensor():
    import struct

    tensor = b"\x08\x01\x2a\x04" + struct.pack("<f", 0.25)
    plugin = b"\x0a\x07scalars"
    metadata = b"\x0a" + bytes([len(plugin)]) + plugin
    value = b"\x0a\x04loss" + b"\x42" + bytes([len(tensor)]) + tensor + b"\x4a" + bytes([len(metadata)]) + metadata
    summary = b"\x0a" + bytes([len(value)]) + value
    event = parse(b"\x09" + struct.pack("<d", 1.5) + b"\x10\x07" + b"\x2a" + bytes([len(summary)]) + summary)
    assert (event.at_ms, event.step, event.summaries[0].plugin) == (1500, 7, "scalars")
    assert numbers(event.summaries[0].data) == [0.25]


def test_a_folder_without_event_files_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(Invalid, match="--logdir"):
        read(tmp_path)
