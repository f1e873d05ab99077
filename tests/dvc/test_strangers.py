"""What a stranger's repository has: templates of all kinds, nested pipelines, imports, remotes; the real dvc agrees on each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import dvc, dvc_json, files_below, run

from tenfold.base.errors import Conflict, Invalid
from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.reproducing import reproduce
from tenfold.doors.dvc.status import status
from tenfold.doors.dvc.transfer import pull, push

Fresh = Callable[[str], Path]
Twins = Callable[[Callable[[Path], None]], tuple[Path, Path]]

FILES = {
    ".dvcignore": "*.log\n/src/cache/\n",
    "params.yaml": "seed: 3\nmodels: {tree: {depth: 3, wide: true}, line: {depth: 1, wide: false}}\nlangs: [en, de]\n",
    "conf/extra.yaml": "kept: {a: 1, b: [x, y]}\ndropped: 2\n",
    "t.toml": "[train]\nrate = 0.5\nnames = ['a', 'b']\n",
    "p.py": "SIZE = 7\nRATE: float = 1e-3\nclass Net:\n    width = 8\n    shape = [1, 2]\n    def __init__(self):\n        self.deep = {'k': None}\n",
    "j.json": '{"stage": {"n": 2.0, "t": true, "s": "with space"}}',
    "src/a.txt": "a\n",
    "src/x.log": "left out\n",
    "src/cache/y": "left out\n",
    "src/deep/b.txt": "b\n",
    "nested/params.yaml": "word: inner\n",
    "nested/dvc.yaml": """
stages:
  inner:
    desc: reads what the outer pipeline made
    cmd: cat ../copied.txt > inner.txt && echo ${word} >> inner.txt
    deps: [../copied.txt]
    params: [word, ../p.py: [SIZE]]
    outs: [inner.txt]
""",
    "nested/deeper/dvc.yaml": """
vars: [../params.yaml, {n: {m: 4}}]
stages:
  last:
    wdir: ..
    cmd: cat inner.txt > deeper/last_${word}_${n.m}.txt
    deps: [inner.txt]
    outs: ['deeper/last_${word}_${n.m}.txt']
""",
    "dvc.yaml": r"""
vars:
  - conf/extra.yaml:kept
  - t.toml
  - where: {out: copied.txt, dirs: [w1, w2]}
stages:
  copy:
    desc: A first step
    cmd:
      - cat src/a.txt > ${where.out}
      - cat src/deep/b.txt >> ${where.out}
    deps: [src]
    params:
      - seed
      - t.toml: [train.rate, train.names]
      - p.py: [SIZE, RATE, Net.width, Net.shape, Net.deep]
      - j.json:
    outs:
      - ${where.out}: {desc: both, type: text, labels: [raw], meta: {by: Ann}}
  model:
    foreach: ${models}
    do:
      vars: [{tag: x}]
      cmd: mkdir -p out && echo ${key} ${item.depth} ${item.wide} ${kept.b[1]} ${tag} > out/${key}.txt && echo '{"d":${item.depth}}' > m_${key}.json
      params: ['models.${key}']
      deps: ['${where.out}']
      outs: ['out/${key}.txt']
      metrics:
        - m_${key}.json:
            cache: false
  score:
    matrix:
      lang: ${langs}
      on: [true, false]
      deep: [{a: 1}, [2]]
    cmd: echo ${item.lang} ${item.on} ${key} > s_${key}.txt
    outs: ['s_${key}.txt']
  listed:
    foreach: [{n: 1.50, s: 'a b'}, {n: 2, s: "it's"}]
    do:
      cmd: echo ${item.n} "${item.s}" > l_${item.n}.txt
      outs: ['l_${item.n}.txt']
  many:
    cmd: |
      mkdir -p tree/sub
      cat ${where.out} > tree/sub/one
      touch tree/none other.txt plain.txt
      echo run >> kept.txt
    deps: ['${where.out}', src/deep]
    outs:
      - tree
      - kept.txt: {persist: true, push: false}
      - other.txt: {remote: second}
      - plain.txt: {cache: false}
  reads_part:
    cmd: cat tree/sub/one > part.txt
    deps: [tree/sub/one]
    outs: [part.txt]
  outside:
    cmd: cat {OUTSIDE} > outside.txt
    deps: ['{OUTSIDE}']
    outs: [outside.txt]
  always:
    cmd: echo hi > always.txt
    always_changed: true
    outs: [always.txt]
  figures:
    cmd: "echo '{\"a\": {\"b\": 1}, \"c\": [1, 2]}' > m.json; echo 'x,y' > p.csv; echo '1,2' >> p.csv; mkdir -p pl; echo '[{\"x\": 1, \"y\": 2}]' > pl/q.json"
    deps: [part.txt]
    metrics: [m.json]
    plots:
      - p.csv: {x: x, y: y, title: A curve}
      - pl: {cache: false}
metrics: [m.json]
params: [params.yaml]
plots:
  - p.csv: {x: x, y: y}
  - both:
      x: {p.csv: x}
      y: {p.csv: [y]}
artifacts:
  net: {path: tree, type: model}
""",
}


def _fill(folder: Path) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("from elsewhere\n")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.replace("{OUTSIDE}", str(outside)))


def _config(folder: Path) -> None:
    dvc(folder, "remote", "add", "-q", "second", str(folder.parent / f"second-{folder.name}"))


def _same(ours: Path, theirs: Path) -> None:
    for name in ("dvc.lock", "nested/dvc.lock", "nested/deeper/dvc.lock", ".gitignore", "out/.gitignore"):
        assert (ours / name).read_text() == (theirs / name).read_text(), name
    assert files_below(ours / ".dvc/cache/files") == files_below(theirs / ".dvc/cache/files")
    assert {name: data for name, (data, _) in files_below(ours / ".dvc/cache/runs").items()} == {
        name: data for name, (data, _) in files_below(theirs / ".dvc/cache/runs").items()
    }


def test_a_repository_with_everything_comes_out_as_by_dvc(twins: Twins, tmp_path: Path) -> None:
    theirs, ours = twins(_fill)
    for folder in (theirs, ours):
        _config(folder)
    assert status(open_repo(ours)) == dvc_json(ours, "status")
    dvc(theirs, "repro", "-q", "-R", ".")
    reproduce(open_repo(ours))
    _same(ours, theirs)
    clean = {"always": ["always changed"]}
    assert dvc_json(ours, "status") == status(open_repo(ours)) == clean
    assert "Running" not in dvc(ours, "repro", "-R", ".").replace("Running stage 'always'", "")
    push(open_repo(ours))
    run(ours, "git", "add", "-A")
    run(ours, "git", "commit", "-qm", "all of it")
    run(tmp_path, "git", "clone", "-q", str(ours), "clone")
    clone = tmp_path / "clone"
    dvc(clone, "pull", "-q", "-R", ".", fails=True)  # kept.txt is not pushed
    for name in ("tree/sub/one", "out/tree.txt", "other.txt", "nested/deeper/last_inner_4.txt"):
        assert (clone / name).read_bytes() == (ours / name).read_bytes(), name
    assert not (tmp_path / "remote/files/md5").joinpath("x").exists()
