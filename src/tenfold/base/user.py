"""Who is at work: the name of the system's user, for histories that say who did what."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """The user's name, '' where the system tells none (a container without a user database)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
