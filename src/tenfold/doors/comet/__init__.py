"""Reads the archives that Comet's offline experiments leave; the comet_ml package is not needed."""

from __future__ import annotations

from tenfold.doors.comet.archives import read

__all__ = ["read"]
