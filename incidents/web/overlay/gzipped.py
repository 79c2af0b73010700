"""gzip by two processors at once: halves of a text, put together into one stream that every reader takes."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

LEVEL = 4  # past it, bytes hardly shrink and time grows
_LEAST = 200_000  # bytes; shorter texts are done before a thread has begun
_WINDOW = 32_768  # how far back deflate looks
_HEADER = b"\x1f\x8b\x08" + bytes(5) + b"\x00\xff"
_HELPERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="gzip")


def gzipped(text: bytes) -> bytes:
    """Return the text compressed; the same text always gives the same bytes.

    The second half begins with the end of the first one as its dictionary, so hardly a byte is lost between them; the
    first one ends at a whole byte without saying that it is the last. zlib lets other threads run.
    """
    if len(text) < _LEAST:
        deflated = _deflated(text, b"", is_last=True)
    else:
        middle = len(text) // 2
        second = _HELPERS.submit(_deflated, text[middle:], text[middle - _WINDOW : middle], is_last=True)
        deflated = _deflated(text[:middle], b"", is_last=False) + second.result()
    return _HEADER + deflated + struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFF_FFFF)


def _deflated(text: bytes, before: bytes, *, is_last: bool) -> bytes:
    made = (
        zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
        if before
        else zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    )
    return made.compress(text) + made.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
