"""Ground every room stands on: errors, ids, clock, hashing, addresses, settings, extras, files. Knows no record."""
