"""A disk without room, or one that takes no more writes, distinguished from faults of the program."""

from __future__ import annotations

import errno
import sqlite3

_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
_READING = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)
_NUMPYS_WORDS = "requested and"  # "8192 requested and 512 written": it gives no number
WAY_OUT = "Free space on the disk of the data directory and try again."


def is_full(error: BaseException) -> bool:
    """Whether an error says that something could not be written for want of room, quota or a healthy disk."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE and code not in _READING
    return isinstance(error, OSError) and (error.errno in _ERRNOS or _NUMPYS_WORDS in str(error))


def reason(error: BaseException) -> str:
    """What can't be written, as a sentence for callers and resources."""
    if isinstance(error, OSError) and error.errno not in (None, errno.ENOSPC) and error.strerror:
        return f"The data directory can't be written: {error.strerror}. {WAY_OUT}"
    return f"The data directory can't be written: no space left on device. {WAY_OUT}"
