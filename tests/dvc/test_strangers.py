"""What a stranger's repository has: templates of all kinds, nested pipelines, imports, remotes; the real dvc agrees on each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from conftest import dvc, dvc_json, files_below, run

from tenfold.doors.dvc import open_repo
from tenfold.doors.dvc.adding import add
from tenfold.doors.dvc.elsewhere import elsewhere
from tenfold.doors.dvc.garbage import collect
from tenfold.doors.dvc.getting import get
from tenfold.doors.dvc.looking.comparing import data_status, diff
from tenfold.doors.dvc.looking.status import status
from tenfold.doors.dvc.revisions import revisions_of
from tenfold.doors.dvc.stages.reproducing import reproduce
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


def _history(folder: Path) -> None:
    for path in ("data/a", "data/b/c", "data/moved", "data/gone", "one", "two", "kept/x"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def _sorted(found: object) -> object:
    if isinstance(found, dict):
        return {key: _sorted(value) for key, value in found.items()}
    return sorted((_sorted(value) for value in found), key=str) if isinstance(found, list) else found


def test_what_changed_is_told_in_the_words_of_dvc(twins: Twins) -> None:
    _, ours = twins(_history)
    add(open_repo(ours), ["data", "one", "two", "kept"])
    run(ours, "git", "add", "-A")
    run(ours, "git", "commit", "-qm", "data")
    (ours / "data/moved").rename(ours / "data/b/elsewhere")
    (ours / "data/gone").unlink()
    (ours / "data/a").write_text("changed")
    (ours / "one").write_text("changed, too")
    (ours / "untracked").touch()
    (ours / "extra").write_text("new")
    _agree(ours)
    add(open_repo(ours), ["data", "extra"])
    (ours / "data/b/c").write_text("once more")
    shutil.rmtree(ours / "kept")
    (ours / "two").rename(ours / "three")
    (ours / "two.dvc").unlink()
    add(open_repo(ours), ["three"])
    _agree(ours)
    run(ours, "git", "add", "-A")
    run(ours, "git", "commit", "-qm", "more")
    assert _sorted(diff(open_repo(ours), "HEAD~1", "HEAD")) == _sorted(
        dvc_json(ours, "diff", "HEAD~1", "HEAD", "--show-hash")
    )
    repo = open_repo(ours)
    held = next(stage for stage in repo.chosen(["data"])).outs[0].content
    assert held is not None
    Path(repo.cache.path(held.md5)).unlink()
    assert data_status(open_repo(ours))["not_in_cache"] == dvc_json(ours, "data", "status")["not_in_cache"]


def _agree(ours: Path) -> None:
    found = diff(open_repo(ours))
    bare = json.loads(json.dumps(found).replace(".dir", ""))  # dvc leaves it out for the working copy
    assert _sorted(bare) == _sorted(json.loads(dvc(ours, "diff", "--show-hash", "--json").replace(".dir", "")))
    for words in ([], ["--granular", "--unchanged"], ["--untracked-files", "--not-in-remote"]):
        theirs = dvc_json(ours, "data", "status", *words)
        options: dict[str, Any] = {
            word.removeprefix("--").replace("-", "_").replace("untracked_files", "untracked"): True for word in words
        }
        assert _sorted(data_status(open_repo(ours), **options)) == _sorted(theirs), words


def test_what_was_imported_comes_from_where_it_was_imported(fresh: Fresh, tmp_path: Path) -> None:
    source, ours = fresh("source"), fresh("ours")
    _history(source)
    (source / "plain/deep").mkdir(parents=True)
    (source / "plain/deep/of_git").write_text("plain")
    (source / "run.sh").write_text("#!")
    (source / "run.sh").chmod(0o755)
    dvc(source, "add", "-q", "data", "one")
    dvc(source, "remote", "modify", "-q", "store", "url", str(tmp_path / "elsewhere"))
    dvc(source, "push", "-q")
    run(source, "git", "add", "-A")
    run(source, "git", "commit", "-qm", "data")
    for path in ("data", "one", "plain", "run.sh", "data/b"):
        dvc(ours, "import", "-q", str(source), path, "-o", f"got_{path.replace('/', '_')}")
    (tmp_path / "loose.txt").write_text("loose")
    dvc(ours, "import-url", "-q", "../loose.txt")
    run(ours, "git", "add", "-A")
    run(ours, "git", "commit", "-qm", "imports")
    assert status(open_repo(ours)) == dvc_json(ours, "status") == {}
    push(open_repo(ours))
    pushed = files_below(tmp_path / "remote")
    dvc(ours, "push", "-q")
    assert files_below(tmp_path / "remote") == pushed
    run(tmp_path, "git", "clone", "-q", str(ours), "clone")
    clone = tmp_path / "clone"
    pull(open_repo(clone))
    assert {name: data for name, data in files_below(clone).items() if name.startswith(("got_", "loose"))} == {
        name: data for name, data in files_below(ours).items() if name.startswith(("got_", "loose"))
    }
    assert dvc_json(clone, "status") == status(open_repo(clone)) == {}
    (source / "plain/deep/of_git").write_text("newer")
    run(source, "git", "commit", "-qam", "newer")
    found = status(open_repo(ours))
    assert found == dvc_json(ours, "status") and len(found) == 5  # update available
    source.rename(tmp_path / "away")
    told: list[str] = []
    repo = open_repo(ours)
    repo.tell = told.append
    assert status(repo) == {} and len(told) == 5  # said, not passed over
    (tmp_path / "away").rename(source)
    run(source, "git", "reset", "-q", "--hard", "HEAD~1")
    with_git = f"file://{source}"
    for words in (["-R"], ["--dvc-only", "-R"], []):
        with elsewhere(with_git) as other:
            found = other.listing(recursive="-R" in words, dvc_only="--dvc-only" in words)
        theirs = dvc_json(tmp_path, "list", str(source), "--rev", "HEAD", *words)
        assert _bare(msgspec.to_builtins(found)) == _bare(theirs), words
    (tmp_path / "b").mkdir()
    for path in ("data", "one", "plain", "run.sh", "data/b/c"):
        get(with_git, path, tmp_path / "a" / path.replace("/", "_"))
        dvc(tmp_path, "get", "-q", str(source), path, "-o", f"b/{path.replace('/', '_')}")
    assert {name: data for name, (data, _) in files_below(tmp_path / "a").items()} == {
        name: data for name, (data, _) in files_below(tmp_path / "b").items()
    }
    assert os.access(tmp_path / "a/run.sh", os.X_OK)  # dvc forgets it


def _bare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the sizes of what is not here, which the two tools know in different cases."""
    return sorted(({**row, "size": None} for row in rows), key=lambda row: str(row["path"]))


def test_collecting_removes_what_dvc_removes(twins: Twins, tmp_path: Path) -> None:
    theirs, ours = twins(_history)
    for folder in (theirs, ours):
        dvc(folder, "remote", "modify", "-q", "store", "url", str(tmp_path / f"remote-{folder.name}"))
        for number, branch in enumerate(("main", "other", "main")):
            run(folder, "git", "checkout", "-qB", branch)
            (folder / "data/a").write_text(f"number {number}")
            (folder / "one").write_text(f"one {number}")
            add(open_repo(folder), ["data", "one"])
            run(folder, "git", "add", "-A")
            run(folder, "git", "commit", "-qm", f"{number}")
            if number == 0:
                run(folder, "git", "tag", "-m", "x", "first")
        (folder / "one").write_text("never committed")
        add(open_repo(folder), ["one"])
        (folder / "data/a").write_text("lost")
        add(open_repo(folder), ["data"])
        (folder / "data/a").write_text("here")
        add(open_repo(folder), ["data"])
        push(open_repo(folder), revisions=revisions_of(open_repo(folder), commits=True))
        (folder / "one").write_text("never pushed")
        add(open_repo(folder), ["one"])
    kept: list[dict[str, Any]] = [{"commits": True}, {"branches": True}, {"tags": True}, {}]
    for options in kept:
        would = collect(open_repo(ours), cloud=True, preview=True, **options)
        words = {"commits": "-A", "branches": "-a", "tags": "-T"}
        dvc(theirs, "gc", "-q", "-f", "-c", "-w", *[words[key] for key in options])
        assert collect(open_repo(ours), cloud=True, **options) == would
        assert would[0].objects > 0 or not options
        assert files_below(ours / ".dvc/cache/files") == files_below(theirs / ".dvc/cache/files"), options
        assert files_below(tmp_path / "remote-ours/files") == files_below(tmp_path / "remote-theirs/files"), options
    assert dvc_json(ours, "status") == {}
