"""Images as the rows of a table: width, height, mode, format, size. Only their headers are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from tenfold.base.extras import require

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2", ".ico")
MOST = 10_000
"""Images of one dataset or folder that are looked at, evenly over all of them by name: about a second."""


def image_table(
    images: Iterable[tuple[str, int, Path | BinaryIO]], *, unread: dict[str, str] | None = None
) -> pl.DataFrame:
    """A row an image: `width` and `height` in pixels, `aspect` (width / height), `mode` as Pillow names it (RGB, L, RGBA, CMYK …),
    `format` (PNG, JPEG …) and `size_bytes`.

    Args:
        images: (name, bytes, file) of each; a file that is given open is closed.
        unread: Told what could not be read, and why; such an image's width to format are null.

    Raises:
        MissingExtra: Pillow is not installed.
    """
    import polars as pl

    pillow = require("PIL.Image", extra="images", why="read the headers of images")
    rows = []
    for name, size_bytes, place in images:
        try:
            with pillow.open(place) as image:
                width, height = image.size
                rows.append((width, height, width / height, image.mode, image.format, size_bytes))
        except (OSError, ValueError, SyntaxError, ZeroDivisionError, pillow.DecompressionBombError) as error:
            rows.append((None, None, None, None, None, size_bytes))
            if unread is not None:
                unread[name] = f"{type(error).__name__}: {error}"[:300]
        finally:
            if not isinstance(place, Path):
                place.close()
    schema = {
        "width": pl.Int64, "height": pl.Int64, "aspect": pl.Float64, "mode": pl.String, "format": pl.String, "size_bytes": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def evenly(items: list[T], most: int = MOST) -> list[T]:
    """At most so many, evenly over all of them."""
    return items if len(items) <= most else [items[i * len(items) // most] for i in range(most)]


def images_below(folder: Path) -> list[Path]:
    """Every image in a folder, by path."""
    return sorted(path for path in folder.rglob("*") if path.name.lower().endswith(ENDINGS) and path.is_file())
