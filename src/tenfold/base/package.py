"""Where Tenfold itself lies on this machine."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The package's folder, which holds `base/`."""
