"""What is in the working copy: md5s of files and folders, read again only where something changed."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tenfold.base.errors import Conflict, Forbidden, Invalid
from tenfold.doors.dvc.content.objects import encode_folder, md5_of_file, md5_of_text
from tenfold.doors.dvc.files.ignoring import Ignoring
from tenfold.doors.dvc.records import MD5, Content
from tenfold.stores.blobs.state import FolderState

_KEY_BYTES = 16
_LARGE = 1 << 20
_THREADS = min(4, os.cpu_count() or 1)


class Found:
    """A file or folder as it is on disk: its content and, of a folder, {path in it: md5} and the `.dir` object."""

    def __init__(self, content: Content, files: dict[str, str], data: bytes = b"") -> None:
        self.content = content
        self.files = files
        self.data = data


class Hasher:
    """Hashes paths of one repository, with what earlier commands remembered. `save` keeps that for later ones.

    The memory lies in `.dvc/tmp/tenfold`; losing it costs time only.
    """

    def __init__(self, root: Path, temporary: Path, ignoring: Ignoring) -> None:
        self._root = root
        self._cache = temporary / "tenfold"
        self._ignoring = ignoring
        self._states: dict[tuple[str, str], FolderState] = {}

    def find(self, place: Path, *, hash: str = MD5) -> Found | None:
        """What is at a path; None when nothing is.

        Raises:
            Conflict: A file changed while it was read.
            Forbidden: A file may not be read.
        """
        try:
            info = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISDIR(info.st_mode):
            return self._folder(place, hash)
        if not stat.S_ISREG(info.st_mode):
            raise Invalid(f"{place} is neither a file nor a folder. Take it away, or name it in .dvcignore")
        state = self._state(self._root, hash)
        key = os.path.relpath(place, self._root)
        md5 = self._files(state, f"file {key}", [(place.name, str(place), info)], hash)[0]
        is_executable = bool(info.st_mode & 0o111)
        return Found(Content(md5, info.st_size, None, is_executable, hash), {})

    def note(self, place: Path, files: Sequence[tuple[str, str]], *, hash: str = MD5) -> None:
        """Remember (path, md5) of files just written below a folder (or of the file itself, with path '').

        The caller has seen that their bytes are right.
        """
        if files and files[0][0] == "":
            name, key = place.name, f"file {os.path.relpath(place, self._root)}"
            self._note(self._fresh(self._root, hash), key, [name], [str(place)], [files[0][1]])
            return
        state = self._fresh(place, hash)
        by_folder: dict[str, tuple[list[str], list[str], list[str]]] = {}
        for path, md5 in sorted(files):
            folder, _, name = path.rpartition("/")
            names, paths, md5s = by_folder.setdefault(folder, ([], [], []))
            names.append(name)
            paths.append(f"{place}/{path}")
            md5s.append(md5)
        for folder, (names, paths, md5s) in by_folder.items():
            self._note(state, folder, names, paths, md5s)

    def save(self) -> None:
        """Keep what was learned."""
        for state in self._states.values():
            state.save()

    def _note(self, state: FolderState, key: str, names: list[str], paths: list[str], md5s: list[str]) -> None:
        stats: array[int] = array("q")
        for path in paths:
            info = Path(path).stat()
            stats.extend((info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
        state.note(key, names, stats, [bytes.fromhex(md5) for md5 in md5s])

    def _state(self, place: Path, hash: str) -> FolderState:
        key = (str(place), hash)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = FolderState(place, self._cache_of(hash), key_bytes=_KEY_BYTES)
            if place == self._root:  # holds single files, of which a command may look at a few only
                state.now.update(state.before)
        return state

    def _fresh(self, place: Path, hash: str) -> FolderState:
        """A state that begins now: what was written just before it is not yet trusted, all older is."""
        before = self._state(place, hash)
        state = self._states[str(place), hash] = FolderState(place, self._cache_of(hash), key_bytes=_KEY_BYTES)
        state.now.update(before.now)
        return state

    def _cache_of(self, hash: str) -> Path:
        return self._cache if hash == MD5 else self._cache / hash

    def _folder(self, place: Path, hash: str) -> Found:
        state = self._state(place, hash)
        prefix = os.path.relpath(place, self._root) if place.is_relative_to(self._root) else ""
        files: dict[str, str] = {}
        size = 0
        for folder, listed in self._walk(str(place), "", prefix, ()):
            md5s = self._files(state, folder, listed, hash)
            base = f"{folder}/" if folder else ""
            for (name, _, info), md5 in zip(listed, md5s, strict=True):
                files[base + name] = md5
                size += info.st_size
        md5, data = encode_folder(files)
        return Found(Content(md5, size, len(files), hash=hash), files, data)

    def _walk(
        self, top: str, folder: str, prefix: str, above: tuple[tuple[int, int], ...]
    ) -> list[tuple[str, list[tuple[str, str, os.stat_result]]]]:
        """(folder, [(name, path, stat)]) of a folder and all below it. Links are followed, as DVC does."""
        listed: list[tuple[str, str, os.stat_result]] = []
        deeper: list[str] = []
        try:
            with os.scandir(f"{top}/{folder}" if folder else top) as entries:
                for entry in entries:
                    inside = f"{folder}/{entry.name}" if folder else entry.name
                    is_folder = entry.is_dir()
                    if prefix and self._ignoring.is_out(f"{prefix}/{inside}", is_folder=is_folder):
                        continue
                    if is_folder:
                        deeper.append(inside)
                    else:
                        listed.append((entry.name, entry.path, entry.stat()))
        except FileNotFoundError as error:
            raise Conflict(
                f"{error.filename} went away while it was read, or is a link to nothing. Try again"
            ) from error
        except PermissionError as error:
            raise Forbidden(f"{error.filename} may not be read. Change its rights and try again") from error
        listed.sort()
        found = [(folder, listed)]
        for inside in sorted(deeper):
            info = Path(f"{top}/{inside}").stat()
            me = (info.st_dev, info.st_ino)
            if me in above:
                raise Invalid(f"{top}/{inside} is a link to a folder above it. Take it away, or name it in .dvcignore")
            found += self._walk(top, inside, prefix, (*above, me))
        return found

    def _files(
        self, state: FolderState, folder: str, listed: list[tuple[str, str, os.stat_result]], hash: str
    ) -> list[str]:
        names = [name for name, _, _ in listed]
        stats: array[int] = array("q")
        for _, _, info in listed:
            stats.extend((info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
        known = state.known(folder, names, stats)
        md5_of = md5_of_file if hash == MD5 else md5_of_text
        unknown = [number for number, key in enumerate(known) if key is None]
        large = [number for number in unknown if listed[number][2].st_size >= _LARGE]
        if len(large) > 1:
            with ThreadPoolExecutor(_THREADS) as pool:
                done = dict(zip(large, pool.map(lambda number: _hashed(listed[number], md5_of), large), strict=True))
        else:
            done = {}
        for number in unknown:
            known[number] = done[number] if number in done else _hashed(listed[number], md5_of)
        keys = [key for key in known if key is not None]
        state.note(folder, names, stats, keys)
        return [key.hex() for key in keys]


def _hashed(listed: tuple[str, str, os.stat_result], md5_of: Callable[[str], str]) -> bytes:
    _, path, before = listed
    try:
        md5 = md5_of(path)
        after = Path(path).stat()
    except PermissionError as error:
        raise Forbidden(f"{path} may not be read. Change its rights and try again") from error
    except FileNotFoundError as error:
        raise Conflict(f"{path} went away while it was read. Try again") from error
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        raise Conflict(f"{path} changed while it was read. Let what writes it end, then try again")
    return bytes.fromhex(md5)
