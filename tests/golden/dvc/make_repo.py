"""Made `repo.tar.gz` with dvc 3.67.1, on 23 November 2026: a repository as dvc leaves it, its cache and a remote beside it.

    python tests/golden/dvc/make_repo.py DVC OUT.tar.gz

DVC is the command of a real dvc. Kept to say what is in the archive; tests only read that, so that no dvc is needed for them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FILES = {
    "data/a.txt": "a\n",
    "data/empty": "",
    "data/ü/日本 x.txt": "far\r\n",
    "it's": "quoted\n",
    "1e5": "a number\n",
    "run.sh": "#!/bin/sh\n",
    "data/left.tmp": "left out\n",
    ".dvcignore": "*.tmp\n",
    "params.yaml": "lr: 1e-5\nnames: [x, y]\nnet: {width: 3, deep: true, none: null}\n",
    "t.toml": "[train]\nrate = 0.5\n",
    "p.py": "SIZE = 7\nclass Net:\n    width = 8\n",
    "dvc.yaml": r"""
vars:
- where: out
stages:
  prep:
    cmd:
    - mkdir -p ${where}
    - cat data/a.txt > ${where}/a && cp run.sh ${where}/b
    deps: [data, run.sh]
    params: [lr, net, {t.toml: [train.rate], p.py: [SIZE, Net.width]}]
    outs:
    - ${where}: {desc: both, meta: {by: Ann}}
  each:
    foreach: ${names}
    do:
      cmd: echo ${item} > each_${item}
      deps: ['${where}/a']
      outs: ['each_${item}']
  grid:
    matrix: {m: [a, b], n: [1, {z: 5}]}
    cmd: echo ${item.m} ${key} > g_${key}
    outs: ['g_${key}']
  score:
    cmd: echo '{"acc":0.5}' > m.json && printf 'x,y\n1,2\n' > p.csv
    deps: [each_x, each_y]
    metrics:
    - m.json: {cache: false}
    plots:
    - p.csv: {x: x, y: y}
""",
}
TRACKED = ["data", "it's", "1e5", "run.sh"]


def main(dvc: str, out: str) -> None:
    """Let the real dvc make the repository, and pack it without git's folder and what is only dvc's memory."""
    with tempfile.TemporaryDirectory() as top:
        root = Path(top) / "repo"
        for path, text in FILES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        (root / "run.sh").chmod(0o755)
        environ = os.environ | {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": f"{top}/site", "SHELL": "/bin/sh"}
        for words in (
            ["git", "init", "-q"],
            [dvc, "init", "-q"],
            [dvc, "remote", "add", "-q", "-d", "store", "../remote"],
            [dvc, "add", "-q", *TRACKED],
            [dvc, "repro", "-q"],
            [dvc, "push", "-q"],
        ):
            subprocess.run(words, cwd=root, env=environ, check=True)
        with tarfile.open(out, "w:gz") as archive:
            for name in ("repo", "remote"):
                archive.add(Path(top) / name, name, filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name.startswith(("repo/.git/", "repo/.dvc/tmp")) or member.name == "repo/.git":
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 1_700_000_000
    return member


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
