"""Is the data still what it was: schemas, drift, quality, and monitors that put them together over time."""

from tenfold.monitoring.drift import drift
__all__ = ["drift"]
