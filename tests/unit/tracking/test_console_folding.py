"""Console output is kept as a terminal shows it: held against a terminal emulator, with what real programs print."""

from __future__ import annotations

import io
from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress
from tqdm import tqdm

from tenfold.base import ids
from tenfold.records import Run
from tenfold.testing.stores import memory_stores
from tenfold.tracking import console_text
from tenfold.tracking.capture import console
from tenfold.tracking.capture.terminal import show
from tenfold.tracking.outbox import perform

WIDTH, HEIGHT = 160, 400


def seen(text: str) -> list[str]:
    """What an independent emulator shows, without the empty rows at the end."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(text)
    return "\n".join(line.rstrip() for line in screen.display).rstrip("\n").split("\n")


def folded(text: str) -> list[str]:
    return "\n".join(row.rstrip() for row in show(text).rows).rstrip("\n").split("\n")


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def one_bar() -> str:
    out = Tty()
    for _ in tqdm(range(300), desc="epoch 1", file=out, mininterval=0, ncols=80, ascii=True):
        pass
    out.write("loss 0.5\n")
    return out.getvalue()


def bars_in_bars() -> str:
    out = Tty()
    for epoch in tqdm(range(3), desc="epochs", file=out, mininterval=0, ncols=80, ascii=True):
        for _ in tqdm(range(20), desc=f"steps of {epoch}", file=out, mininterval=0, ncols=80, ascii=True, leave=False):
            pass
        tqdm.write(f"epoch {epoch} done", file=out)
    return out.getvalue()


def rich_bars() -> str:
    out = Tty()
    screen = Console(
        file=out, force_terminal=True, width=100, legacy_windows=False, _environ={"TERM": "xterm-256color"}
    )
    with Progress(console=screen, auto_refresh=False) as progress:
        tasks = [progress.add_task(f"part {number}", total=10) for number in range(4)]
        for step in range(10):
            for task in tasks:
                progress.advance(task)
            progress.refresh()
            if step == 5:
                progress.console.print("[red]halfway[/red]")
    screen.print("[bold]all parts[/bold] done")
    return out.getvalue()


PRINTED = {"tqdm": one_bar, "tqdm in tqdm": bars_in_bars, "rich": rich_bars}


@pytest.mark.parametrize("who", PRINTED)
def test_bars_are_kept_as_a_terminal_shows_them(who: str) -> None:
    text = PRINTED[who]()
    assert folded(text) == seen(text)
    assert len(text) > 3 * len("\n".join(folded(text))), "else nothing was drawn over"


MOVES = st.sampled_from(
    ["\r", "\n", "\r\n", "\b", "\x1b[A", "\x1b[2A", "\x1b[B", "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[3C", "\x1b[2D", "\x1b[5G",
     "\x1b[31m", "\x1b[0m", "\x1b[?25l", "\x1b[?25h", "\x1b[2F", "\x1b[E"]
)  # fmt: skip
PRINTS = st.lists(MOVES | st.text("abc xyz", min_size=1, max_size=12), max_size=40).map("".join)


@settings(deadline=None)
@given(PRINTS)
def test_any_printing_is_folded_as_an_emulator_does(text: str) -> None:
    assert folded(text) == seen(text)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_folded_without_an_error(text: str) -> None:
    assert "\n" not in "".join(show(text).rows)


@settings(deadline=None)
@given(PRINTS, PRINTS)
def test_what_is_settled_stays_unless_the_text_goes_above_it(first: str, second: str) -> None:
    rows, stop = show(first).settled()
    rest = show(first[stop:] + second)
    if not rest.reached_above:
        assert [*show(first).rows[:rows], *rest.rows] == show(first + second).rows


@pytest.mark.parametrize("who", PRINTED)
@pytest.mark.parametrize("pieces", [2, 7, 40])
def test_sent_in_pieces_the_end_is_the_same(tmp_path: Path, who: str, pieces: int) -> None:
    text = PRINTED[who]()
    stores, run_id = memory_stores(), ids.new_id()
    stores.runs.create([Run(id=run_id, project="p")])
    file = console.ConsoleFile(tmp_path)
    size = -(-len(text) // pieces)
    for start in range(0, len(text), size):
        file.write(text[start : start + size])
        console.send_new(tmp_path, run_id, lambda deed, content: perform(stores, deed, content), everything=False)
    console.send_new(tmp_path, run_id, lambda deed, content: perform(stores, deed, content), everything=True)
    file.close()
    kept = [row.rstrip() for row in console_text(stores, run_id).rstrip("\n").split("\n")]
    assert kept == seen(text)
