"""Who is at work: the name of the system's user, for histories that say who did what."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """The user's name; the user's number where the system tells no name, as in a container without a user database."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
