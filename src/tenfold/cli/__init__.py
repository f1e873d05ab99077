"""The command line: one file a noun; each parses, calls one operation and prints."""

from tenfold.cli.app import main

__all__ = ["main"]
