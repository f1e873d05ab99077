"""Reads the folders that neptune-exporter made before Neptune's service ended; needs Polars, no Neptune package."""

from __future__ import annotations

from tenfold.doors.neptune.exports import read

__all__ = ["read"]
