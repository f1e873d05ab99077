"""The mediums of this machine, and blobs over them, keep their contracts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenfold.contracts import Blobs, Medium
from tenfold.stores.blobs import LocalMedium, MemoryMedium, PackedBlobs, open_blobs
from tenfold.testing.blobs import BlobsSuite
from tenfold.testing.medium import MediumSuite


class TestLocalMedium(MediumSuite):
    @pytest.fixture
    def medium(self, tmp_path: Path) -> Medium:
        return LocalMedium(tmp_path / "objects")


class TestMemoryMedium(MediumSuite):
    @pytest.fixture
    def medium(self) -> Medium:
        return MemoryMedium()


class TestBlobsInAFolder(BlobsSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return open_blobs(tmp_path / "objects", tmp_path / "cache")

    @pytest.fixture
    def again(self, tmp_path: Path) -> Callable[[], Blobs]:
        return lambda: open_blobs(tmp_path / "objects", tmp_path / "cache")


class TestBlobsFarAway(BlobsSuite):
    """In memory, but opened as a medium over a network is: cached index, reads at once in threads."""

    @pytest.fixture
    def medium(self) -> Medium:
        return MemoryMedium()

    @pytest.fixture
    def blobs(self, medium: Medium, tmp_path: Path) -> Blobs:
        return PackedBlobs(medium, tmp_path / "cache", far=True)

    @pytest.fixture
    def again(self, medium: Medium, tmp_path: Path) -> Callable[[], Blobs]:
        return lambda: PackedBlobs(medium, tmp_path / "cache", far=True)
