"""What lies in a folder, so that two moments can be compared."""

from __future__ import annotations

import os
from pathlib import Path


def tree(folder: Path | str) -> dict[str, object]:
    """Return every entry below a folder: its name, and its bytes, the target of a link, or None for a folder."""
    found: dict[str, object] = {}
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(at, name)
            key = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[key] = f"-> {path.readlink()}"
            else:
                found[key] = path.read_bytes() if path.is_file() else None
    return found
