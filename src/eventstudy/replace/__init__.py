"""Every folder and file that the package replaces or clears: nothing that it did not write is ever changed or removed."""

from __future__ import annotations

from eventstudy.replace.files import check_file, clear_parts, put_file, write_whole
from eventstudy.replace.folders import (
    MANIFEST,
    Kind,
    are_digests,
    check_folder,
    manifest_of,
    put_right,
    read_json,
    remove_folder,
    replace_folder,
)
from eventstudy.replace.locks import LOCK_MARK, alone_in, locked
from eventstudy.replace.names import is_plain, same_place

__all__ = [
    "LOCK_MARK",
    "MANIFEST",
    "Kind",
    "alone_in",
    "are_digests",
    "check_file",
    "check_folder",
    "clear_parts",
    "is_plain",
    "locked",
    "manifest_of",
    "put_file",
    "put_right",
    "read_json",
    "remove_folder",
    "replace_folder",
    "same_place",
    "write_whole",
]
