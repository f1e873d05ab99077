"""Is the data still what it was: schemas, drift, quality, and monitors that put them together over time."""
