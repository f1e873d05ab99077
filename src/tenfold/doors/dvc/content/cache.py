"""The cache of a repository: whole read-only files named by their md5, and links to them."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterable
from hashlib import md5 as hash_md5
from pathlib import Path

from tenfold.base.errors import BlobNotFound, Conflict, Damaged
from tenfold.base.files import raise_if_full
from tenfold.doors.dvc.content.objects import decode_folder, md5_of_file, object_name

_FICLONE = 0x40049409  # linux/fs.h
_SMALL = 1 << 20
_MANY = 2_000
_READ_ONLY = 0o444


class Cache:
    """A folder in DVC's layout, as a repository's cache and as a remote on this machine.

    An object is there when its file is and may not be written to: DVC trusts such files and hashes all others again.

    Args:
        link_types: Ways to place files in the working copy, best first: reflink, hardlink, symlink, copy.
    """

    def __init__(self, folder: Path, link_types: Iterable[str] = ("reflink", "copy")) -> None:
        self.folder = folder
        self.link_types = [*link_types]
        self._made: set[str] = set()

    def path(self, md5: str, *, legacy: bool = False) -> str:
        """Where an object lies, whether or not it is there."""
        return f"{self.folder}/{object_name(md5, legacy=legacy)}"

    def has(self, md5: str, *, legacy: bool = False) -> bool:
        """True when the object is there and sound by DVC's rule; one that may be written to is hashed."""
        path = self.path(md5, legacy=legacy)
        try:
            mode = Path(path).stat().st_mode
        except OSError:
            return False
        return not mode & 0o222 or legacy or md5_of_file(path) == md5.removesuffix(".dir")

    def having(self, md5s: Iterable[str], *, legacy: bool = False) -> set[str]:
        """Those of the md5s that are here; many are looked up folder by folder."""
        wanted = set(md5s)
        if len(wanted) < _MANY:
            return {md5 for md5 in wanted if self.has(md5, legacy=legacy)}
        found: set[str] = set()
        for head in sorted({md5[:2] for md5 in wanted}):
            try:
                with os.scandir(Path(self.path(head + "x", legacy=legacy)).parent) as entries:
                    for entry in entries:
                        md5 = head + entry.name
                        if md5 in wanted and (not entry.stat().st_mode & 0o222 or self.has(md5, legacy=legacy)):
                            found.add(md5)
            except FileNotFoundError:
                continue
        return found

    def read(self, md5: str, *, legacy: bool = False) -> bytes:
        """The bytes of an object. Raises BlobNotFound, saying how to get it."""
        try:
            return Path(self.path(md5, legacy=legacy)).read_bytes()
        except FileNotFoundError:
            raise BlobNotFound(f"{md5} is not in {self.folder}. Get it with: tenfold dvc fetch") from None

    def folder_files(self, md5: str, *, legacy: bool = False) -> dict[str, str]:
        """{path: md5} of a folder's object. Raises BlobNotFound, Damaged."""
        return decode_folder(self.read(md5, legacy=legacy), md5)

    def put_bytes(self, md5: str, data: bytes) -> None:
        """Store an object given as bytes; one that is there stays."""
        if not self.has(md5):
            temporary = self._temporary()
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _READ_ONLY)
            try:
                _write_all(fd, data)
            except OSError as error:
                Path(temporary).unlink()
                raise_if_full(error, Path(temporary))
                raise
            finally:
                os.close(fd)
            self._keep(temporary, md5)

    def put_file(self, md5: str, source: str, *, legacy: bool = False, verify: bool = True) -> None:
        """Copy a file in under its md5.

        Args:
            verify: Hash what is copied; False where the file system can share the bytes, or they were just hashed.

        Raises:
            Conflict: The file's bytes have another md5 by now; nothing was stored.
            StoreFull: No room; nothing was stored, nothing lost.
        """
        temporary = self._temporary()
        try:
            found = _copy(source, temporary, _READ_ONLY, hashing=verify and not legacy)
            if found and found != md5.removesuffix(".dir"):
                raise Conflict(f"{source} changed while it was copied, or is damaged: its md5 is {found}, not {md5}")
        except OSError as error:
            Path(temporary).unlink(missing_ok=True)
            raise_if_full(error, Path(temporary))
            raise
        except Conflict:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._keep(temporary, md5, legacy=legacy)

    def adopt(self, md5: str, temporary: str, found: str, *, legacy: bool = False) -> None:
        """Take over a file made with `new_file`, whose bytes have the md5 `found`. Raises Damaged when that is another one."""
        if not legacy and found != md5.removesuffix(".dir"):
            Path(temporary).unlink()
            raise Damaged(f"Object {md5} arrived with md5 {found}. Try again; if it stays so, the remote is damaged")
        Path(temporary).chmod(_READ_ONLY)
        self._keep(temporary, md5, legacy=legacy)

    def new_file(self) -> str:
        """A path to write an object to before `adopt`."""
        return self._temporary()

    def link_in(self, md5: str, source: str) -> bool:
        """Make a file of the working copy itself the object, by a second name; False where links cannot be made."""
        temporary = self._temporary()
        try:
            os.link(source, temporary)
        except OSError:
            return False
        Path(temporary).chmod(_READ_ONLY)
        self._keep(temporary, md5)
        return True

    def place(self, md5: str, target: str, *, is_executable: bool = False, legacy: bool = False) -> None:
        """Put an object at a path of the working copy that is not there, as a link where the cache's settings want it.

        Raises:
            BlobNotFound: The object is not here.
            FileNotFoundError: The target's folder is not there.
            Damaged: Its bytes have another md5; it is kept aside, nothing was placed.
        """
        source = self.path(md5, legacy=legacy)
        while self.link_types and self.link_types[0] != "copy":
            try:
                _link(self.link_types[0], source, target, is_executable=is_executable)
                return
            except FileNotFoundError:
                self._complain(md5, source)
                raise  # the target's folder is not there
            except OSError as error:
                if error.errno == errno.EEXIST:
                    raise
                self.link_types.pop(0)
        try:
            found = _copy(source, target, 0o777 if is_executable else 0o666, hashing=not legacy)
        except FileNotFoundError:
            self._complain(md5, source)
            raise
        except OSError as error:
            Path(target).unlink(missing_ok=True)
            raise_if_full(error, Path(target))
            raise
        if found and found != md5.removesuffix(".dir"):
            Path(target).unlink()
            os.replace(source, f"{self._temporary()}.damaged")
            raise Damaged(f"Object {md5} in {self.folder} is damaged. Get it anew with: tenfold dvc fetch")

    def _complain(self, md5: str, source: str) -> None:
        if not Path(source).exists():
            raise BlobNotFound(f"{md5} is not in {self.folder}. Get it with: tenfold dvc fetch") from None

    def all(self) -> dict[str, int]:
        """{md5: size in bytes} of the objects of DVC 3."""
        found: dict[str, int] = {}
        top = self.folder / "files" / "md5"
        for head in sorted(entry.name for entry in top.iterdir()) if top.is_dir() else []:
            with os.scandir(top / head) as entries:
                found |= {head + entry.name: entry.stat().st_size for entry in entries}
        return found

    def remove(self, md5: str) -> None:
        """Take an object away; one that is not there is no error."""
        Path(self.path(md5)).unlink(missing_ok=True)

    def _temporary(self) -> str:
        folder = f"{self.folder}/tenfold-tmp"
        if folder not in self._made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return f"{folder}/{secrets.token_hex(8)}"

    def _keep(self, temporary: str, md5: str, *, legacy: bool = False) -> None:
        target = self.path(md5, legacy=legacy)
        folder = target.rpartition("/")[0]
        if folder not in self._made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        Path(temporary).rename(target)

    def clean(self) -> None:
        """Remove the folder that files are written in, unless another process has files there."""
        folder = f"{self.folder}/tenfold-tmp"
        if folder in self._made:
            self._made.discard(folder)
            try:
                Path(folder).rmdir()
            except OSError:
                return


def _link(how: str, source: str, target: str, *, is_executable: bool) -> None:
    if how == "hardlink":
        if Path(source).stat().st_size == 0:  # DVC makes empty files anew, so that the object does not gather links
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            return
        os.link(source, target)
    elif how == "symlink":
        Path(source).stat()
        Path(target).symlink_to(Path(source).absolute())
    else:
        with open(source, "rb", buffering=0) as file:
            fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o777 if is_executable else 0o666)
            try:
                fcntl.ioctl(fd, _FICLONE, file.fileno())
            except BaseException:
                Path(target).unlink()
                raise
            finally:
                os.close(fd)


def _copy(source: str, target: str, mode: int, *, hashing: bool) -> str:
    """Copy to a new file; gives the md5 of what was copied, '' when it was not hashed."""
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            if not hashing:
                _copy_whole(reader, writer)
                return ""
            data = os.read(reader, _SMALL)
            hash_ = hash_md5(data, usedforsecurity=False)
            while data:
                _write_all(writer, data)
                data = os.read(reader, _SMALL)
                hash_.update(data)
            return hash_.hexdigest()
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _copy_whole(reader: int, writer: int) -> None:
    try:
        while os.copy_file_range(reader, writer, 1 << 30):
            pass
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        while data := os.read(reader, _SMALL):
            _write_all(writer, data)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
