"""What is captured as text: secrets made unreadable, console output whole and in pieces."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tenfold.base import ids
from tenfold.records import Run
from tenfold.testing.stores import memory_stores
from tenfold.tracking import console_text
from tenfold.tracking.capture import console
from tenfold.tracking.names import name_of
from tenfold.tracking.outbox import perform
from tenfold.tracking.secrets import MASK, masked, masked_arguments


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("key AKIAABCDEFGHIJKLMNOP here", f"key {MASK} here"),
        ("ghp_" + "a1" * 18, MASK),
        ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghij", f"Authorization: Bearer {MASK}"),
        ("https://user:pa55word@example.com/x", f"https://user:{MASK}@example.com/x"),
        ('{"api_key": "q1w2e3r4t5"}', f'{{"api_key": "{MASK}"}}'),
        ("PASSWORD=correct-horse-9", f"PASSWORD={MASK}"),
        ("tokens = 1024000 seen", "tokens = 1024000 seen"),
        ("token: embedding layer", "token: embedding layer"),
        ("loss 0.123456 at step 1000000", "loss 0.123456 at step 1000000"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_nothing_else(text: str, kept: str) -> None:
    assert masked(text) == kept


def test_the_argument_after_a_secret_s_flag_is_masked() -> None:
    given = ["--epochs", "5", "--token", "abc", "--password=x1y2z3w4", "data.csv"]
    assert masked_arguments(given) == ["--epochs", "5", "--token", MASK, f"--password={MASK}", "data.csv"]


def test_a_run_s_name_comes_from_its_id() -> None:
    made = [ids.new_id() for _ in range(50)]
    assert [name_of(id_) for id_ in made] == [name_of(id_) for id_ in made]
    assert len({name_of(id_) for id_ in made}) > 30


def test_console_output_is_sent_in_pieces_once_each(tmp_path: Path) -> None:
    stores, run_id = memory_stores(), ids.new_id()
    stores.runs.create([Run(id=run_id, project="p")])

    def send(*, everything: bool) -> bool:
        return console.send_new(
            tmp_path, run_id, lambda deed, content: perform(stores, deed, content), everything=everything
        )

    assert not send(everything=True)
    file = console.ConsoleFile(tmp_path)
    file.write("one\ntw")
    assert send(everything=False)
    assert console_text(stores, run_id) == "one\n"
    assert not send(everything=False)
    file.write("o\n 10%\r 50%\r100%\r\n" + "x" * 20_000 + "\nend")
    assert send(everything=False)
    (tmp_path / console.SENT).write_text("4")  # as after a kill between sending and noting it
    assert send(everything=True)
    assert console_text(stores, run_id) == "one\ntwo\n100%\n" + "x" * 20_000 + "\nend"
    assert console_text(stores, run_id, offset=4).startswith("two")
    file.close()


def test_console_output_beyond_the_limit_is_dropped_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LARGEST_BYTES", 100)
    file = console.ConsoleFile(tmp_path)
    for _ in range(50):
        file.write("0123456789")
    file.close()
    text = (tmp_path / console.FILE).read_text()
    assert text.startswith("0123456789" * 10)
    assert text.endswith("is not kept]\n")


def test_streams_are_put_back_when_nobody_listens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    first, second = console.ConsoleFile(tmp_path), console.ConsoleFile(tmp_path)
    console.listen(first)
    console.listen(second)
    sys.stdout.write("heard\n")
    console.leave(first)
    assert sys.stdout is not before
    console.leave(second)
    assert sys.stdout is before
    assert capsys.readouterr().out == "heard\n"
    assert (tmp_path / console.FILE).read_text() == "heard\nheard\n"
