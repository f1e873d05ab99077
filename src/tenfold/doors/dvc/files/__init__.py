"""DVC's own files, to the byte: what it writes beside code, its templates and its settings. Nothing here reads data."""
