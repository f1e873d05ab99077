"""What makes git look after working copies: hooks that check out after git did, and a driver that merges pointers."""

from __future__ import annotations

import shlex
from pathlib import Path

from tenfold.base.errors import NotFound
from tenfold.data import git
from tenfold.data.pointers import SUFFIX

_BEGIN, _END = "# >>> tenfold", "# <<< tenfold"
_HOOKS = ("post-checkout", "post-merge")
_ATTRIBUTE = f"*{SUFFIX} merge=tenfold"


def install(folder: Path, command: str) -> list[str]:
    """Set up the git repository a folder is in; gives what was set. May be called again; hooks of others stay.

    Args:
        command: How tenfold is called here.

    Raises:
        NotFound: The folder is in no git repository.
    """
    top = _repository(folder)
    done = []
    for name in _HOOKS:
        place = top / git.run(top, "rev-parse", "--git-path", f"hooks/{name}").decode().strip()
        guard = (
            '[ "$3" = 0 ] || ' if name == "post-checkout" else ""
        )  # 0: single files, which may be pointers being looked at
        block = f"{_BEGIN}\n{guard}{command} data checkout --hook\n{_END}\n"
        text = _without_block(place.read_text("utf-8")) if place.exists() else ""
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text((text or "#!/bin/sh\n") + block, "utf-8")
        place.chmod(0o755)
        done.append(f"hook {name}")
    git.run(top, "config", "merge.tenfold.name", "merge of the data that Tenfold pointers name")
    git.run(top, "config", "merge.tenfold.driver", f"{command} data merge-pointers %O %A %B %P")
    done.append("merge driver")
    attributes = top / ".gitattributes"
    text = attributes.read_text("utf-8") if attributes.exists() else ""
    if _ATTRIBUTE not in text.splitlines():
        attributes.write_text(text + ("\n" if text and not text.endswith("\n") else "") + _ATTRIBUTE + "\n", "utf-8")
        done.append(".gitattributes")
    return done


def uninstall(folder: Path) -> None:
    """Take the hooks and the driver out again; the line in .gitattributes stays, since others may use it."""
    top = _repository(folder)
    for name in _HOOKS:
        place = top / git.run(top, "rev-parse", "--git-path", f"hooks/{name}").decode().strip()
        if place.exists():
            text = _without_block(place.read_text("utf-8"))
            if text.strip() in ("", "#!/bin/sh"):
                place.unlink()
            else:
                place.write_text(text, "utf-8")
    if git.run(top, "config", "--default", "", "--get", "merge.tenfold.driver").strip():
        git.run(top, "config", "--remove-section", "merge.tenfold")


def command_line(*words: str) -> str:
    """Words as a shell reads them back."""
    return shlex.join(words)


def _repository(folder: Path) -> Path:
    top = git.repository(folder.absolute())
    if top is None:
        raise NotFound(f"{folder} is in no git repository. Make one with: git init", field="folder")
    return top


def _without_block(text: str) -> str:
    before, found, after = text.partition(_BEGIN)
    return before + after.partition(f"{_END}\n")[2] if found else text
