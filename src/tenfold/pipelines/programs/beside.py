"""A program in another container of the same pod: `python -m tenfold.pipelines.programs.beside FOLDER CWD NAMES -- WORDS`.

That container waits for the folder, which both see, and runs what is written there; it needs /bin/sh and nothing else. This
process stands for the program: it prints what that prints, ends with its exit code, and when this process is gone, however
it went, all that runs there is killed. They meet in named pipes: of `tie` the other side only sees the end.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import sys
from pathlib import Path

from tenfold.base.errors import StepFailed

FOLDER_VARIABLE = "TENFOLD_BESIDE"
"""Names the folder, where a container stands beside the step's."""
START, SCRIPT, OVER = "start", "script", "over"
TIE, OUT, ERR, CODE = "tie", "out", "err", "code"
RANKED = ("RANK", "NODE_RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Variables of a step on several nodes."""
KILLED_CODE = 137
DRAIN_S = 5.0
WAITS = 36_000


def waiting_script(folder: str) -> str:
    """What /bin/sh of the other container does: wait, run, tell the exit code. Its own is 0: the step's process judges.

    >>> waiting_script("/run/x").splitlines()[0]
    "trap 'kill -KILL -1; exit 143' TERM"
    """
    at = shlex.quote(folder)
    return f"""trap 'kill -KILL -1; exit 143' TERM
n=0
while [ ! -e {at}/{START} ]; do
  [ -e {at}/{OVER} ] && exit 0
  n=$((n+1)); [ $n -lt {WAITS} ] || exit 125
  sleep 0.1 2>/dev/null || sleep 1
done
exec 4>{at}/{CODE}
(exec 4>&-; read -r end <{at}/{TIE}; kill -KILL -1) &
/bin/sh {at}/{SCRIPT} >{at}/{OUT} 2>{at}/{ERR} </dev/null 4>&- &
wait $!
echo $? >&4
exit 0
"""


def beside_words(folder: str, words: list[str], variables: tuple[str, ...]) -> list[str]:
    """The command line that stands for these words in the other container.

    Raises:
        StepFailed: The folder was used before: a container runs one program.
    """
    if Path(folder, START).exists():
        raise StepFailed("A container beside a step runs one program, and this is its second")
    own = [sys.executable, "-P", "-m", __name__, folder, str(Path.cwd()), ",".join(variables)]
    return [*own, "--", *words]


def say_over() -> None:
    """The attempt is at its end: the other container need not wait for a program any longer."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        with contextlib.suppress(OSError):
            Path(folder, OVER).touch()


def main(arguments: list[str]) -> int:
    """Gives the program's exit code; 137 when its container was killed."""
    folder, cwd, names = Path(arguments[0]), arguments[1], [name for name in arguments[2].split(",") if name]
    os.umask(0)  # the other side may be another user
    for name in (TIE, OUT, ERR, CODE):
        os.mkfifo(folder / name, 0o666)
    held = os.open(folder / TIE, os.O_RDWR)
    pipes = {os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK): to for name, to in ((OUT, 1), (ERR, 2), (CODE, 0))}
    variables = [f"export {name}={shlex.quote(os.environ[name])}" for name in (*RANKED, *names) if name in os.environ]
    moved = f"cd {shlex.quote(cwd)} 2>/dev/null || cd {shlex.quote(str(folder))}"
    lines = [*variables, moved, f"exec {shlex.join(arguments[arguments.index('--') + 1 :])}"]
    (folder / SCRIPT).write_text("\n".join(lines) + "\n")
    (folder / SCRIPT).chmod(0o644)
    (folder / START).touch()
    said = _copied(pipes)
    os.close(held)
    return int(said) if said.strip().isdigit() else KILLED_CODE


def _copied(pipes: dict[int, int]) -> bytes:
    """Copy what is printed until the exit code was told, or the other side is gone; gives the code as it was told."""
    poll, open_, said = select.poll(), dict(pipes), b""
    for pipe in open_:
        poll.register(pipe, select.POLLIN)
    told = False
    while open_:
        ready = poll.poll(DRAIN_S * 1000 if told else None)
        if not ready:
            break  # something it started holds its output open
        for pipe, event in ready:
            data = os.read(pipe, 1 << 16) if event & select.POLLIN else b""
            if pipes[pipe] == 0:
                said += data
            elif data:
                _write(pipes[pipe], data)
            if not data:
                poll.unregister(pipe)
                told = told or open_.pop(pipe) == 0
    return said


def _write(to: int, data: bytes) -> None:
    while data:
        data = data[os.write(to, data) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
