"""What need not be in memory, in a temporary file."""

import shutil
import tempfile
import threading
from typing import IO, NamedTuple


class ByteRange(NamedTuple):
    """Where a `ScratchFile` has something: the first byte, and how many there are."""

    start: int
    size: int


class ScratchFile:
    """Bytes in a file of the temporary folder (`TMPDIR`), which goes with the process, however that ends.

    It takes at most half of the free space, and `limit` bytes if there is a limit. Threads may share it."""

    def __init__(self, limit: int | None = None):
        self.limit = limit
        self._file: IO[bytes] | None = None
        self._size = self._room = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple:
        return ScratchFile, (self.limit,)  # another process begins its own

    def add(self, data: bytes) -> ByteRange | None:
        """Keeps these bytes. RETURNS: where they are, or None if there is no room left."""
        with self._lock:
            return self._add(data)

    def _add(self, data: bytes) -> ByteRange | None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
            free = shutil.disk_usage(tempfile.gettempdir()).free // 2
            self._room = free if self.limit is None else min(free, self.limit)
        if self._size + len(data) > self._room:
            return None
        self._file.seek(self._size)
        try:
            written = self._file.write(data)
        except OSError:
            written = 0
        if written != len(data):  # others filled the disk
            self._room = self._size
            return None
        place = ByteRange(self._size, len(data))
        self._size += len(data)
        return place

    def read(self, place: ByteRange) -> bytes:
        """Returns what was kept there."""
        with self._lock:
            assert self._file is not None
            self._file.seek(place.start)
            return self._file.read(place.size)

    def close(self) -> None:
        """Gives back the space; what was kept is lost."""
        if self._file is not None:
            self._file.close()
        self._file, self._size = None, 0
