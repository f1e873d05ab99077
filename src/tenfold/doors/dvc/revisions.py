"""A repository as it was at a git revision: its small files written to a scratch folder, its cache the one of today."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec

from tenfold.base.errors import NotFound
from tenfold.doors.dvc.repo import Repo

_NAMES = frozenset({"dvc.yaml", "dvc.lock", ".dvcignore", ".gitignore"})
_SUFFIXES = frozenset({".dvc", ".yaml", ".yml", ".json", ".toml", ".py"})
_LARGEST = 1 << 20
_ASK_S = 60


class Commit(msgspec.Struct, frozen=True):
    """A commit of git."""

    id: str
    parents: list[str]
    author: str
    at_ms: int
    message: str


def git(repo: Repo, *words: str, data: bytes | None = None) -> bytes:
    """What git prints. Raises NotFound with git's own words when it fails."""
    done = subprocess.run(["git", "-C", str(repo.root), *words], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotFound(
            f"git {words[0]} failed: {said[0] if said else 'no word why'}. Check the revision and the folder"
        )
    return done.stdout


def newest_commit(url: str, revision: str, *, base: Path) -> str:
    """The commit that a branch, tag or HEAD of another repository is at; '' when it has none of that name, as of a commit.

    Args:
        base: What a relative folder is relative to.

    Raises:
        NotFound: git does not reach the repository.
    """
    words = ["git", "-C", str(base), "ls-remote", "--", url, revision, f"{revision}^{{}}"]
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=_ASK_S, env=env)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise NotFound(f"git does not reach {url}: {said[0] if said else error}. Check the address") from error
    heads = {name: commit for commit, _, name in (line.partition("\t") for line in done.stdout.splitlines())}
    names = (f"refs/tags/{revision}^{{}}", f"refs/tags/{revision}", f"refs/heads/{revision}", revision)
    return next((heads[name] for name in names if name in heads), "")


def commits(repo: Repo, *revisions: str) -> list[Commit]:
    """The commits that revisions (or options like `--branches`) reach, parents before their children."""
    form = "%H%x00%P%x00%an <%ae>%x00%at%x00%B%x01"
    found = []
    for text in (
        git(repo, "log", "--reverse", "--topo-order", f"--format={form}", *revisions, "--")
        .decode("utf-8", "replace")
        .split("\x01")
    ):
        if text.strip():
            commit_id, parents, author, at_s, message = text.lstrip("\n").split("\x00")
            found.append(Commit(commit_id, parents.split(), author, int(at_s) * 1000, message.strip()))
    return found


@contextmanager
def at_revision(repo: Repo, revision: str) -> Iterator[Repo]:
    """The repository with .dvc files, pipelines, parameters and metrics of a revision; data only as the cache has it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_small_files(repo, revision, root)
        (root / ".dvc").mkdir(exist_ok=True)
        inside = os.path.relpath(repo.here, repo.root)
        past = Repo(root, root / inside if inside != "." else root)
        past.__dict__ |= {"cache": repo.cache, "config": repo.config}
        yield past


def revisions_of(repo: Repo, *, branches: bool = False, tags: bool = False, commits: bool = False) -> list[str]:
    """Commit ids of all branches, all tags, or every commit that any ref of git reaches; each once, in a fixed order."""
    found: dict[str, None] = {}
    for is_wanted, words in (
        (branches, ("for-each-ref", "--format=%(objectname)", "refs/heads")),
        (
            tags,
            (
                "for-each-ref",
                "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)",
                "refs/tags",
            ),
        ),
        (commits, ("rev-list", "--all")),
    ):
        if is_wanted:
            found |= dict.fromkeys(git(repo, *words).decode().split())
    return list(found)


def small_files(repo: Repo, revision: str) -> dict[str, str]:
    """{path below the repository's root: blob id} of the files that say something of DVC at a revision."""
    found: dict[str, str] = {}
    for row in git(repo, "ls-tree", "-r", "-z", "-l", "--end-of-options", revision, "./").split(b"\x00"):
        if not row:
            continue
        meta, _, name = row.partition(b"\t")
        mode, kind, blob, length = meta.decode().split()
        path = name.decode("utf-8", "surrogateescape")
        is_wanted = PurePosixPath(path).name in _NAMES or PurePosixPath(path).suffix in _SUFFIXES
        if (
            kind == "blob"
            and mode != "120000"
            and is_wanted
            and int(length) <= _LARGEST
            and not path.startswith(".dvc/")
        ):
            found[path] = blob
    return found


def write_small_files(repo: Repo, revision: str, root: Path) -> None:
    """Write them below a folder."""
    wanted = small_files(repo, revision)
    for path, data in read_blobs(repo, wanted).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def read_blobs(repo: Repo, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """{key: bytes} of {key: blob id}, by one process of git."""
    out = git(repo, "cat-file", "--batch", data="".join(f"{blob}\n" for blob in wanted.values()).encode())
    found, at = {}, 0
    for path in wanted:
        end = out.index(b"\n", at)
        length = int(out[at:end].split()[2])
        found[path] = out[end + 1 : end + 1 + length]
        at = end + 1 + length + 1
    return found
