"""The encodings in which a body may come, although none was asked for (RFC 9110, 8.4.1)."""

import zlib

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS  # some servers take "deflate" by its name, without the header of zlib
_KNOWN = {"gzip": (_GZIP_OR_ZLIB,), "x-gzip": (_GZIP_OR_ZLIB,), "deflate": (_GZIP_OR_ZLIB, _BARE)}
_LONGEST_NAME = 40


class UnreadableEncodingError(ValueError):
    """The body is encoded in a way that cannot be read."""


def is_encoded(encoding: str) -> bool:
    """Tell whether the header `Content-Encoding` names any."""
    return encoding.strip().lower() not in ("", "identity")


def decoded(body: bytes | bytearray, encoding: str, largest: int) -> bytes:
    """Return the body as it was before it was encoded; of a larger one, one byte more than the `largest` that is taken.

    Raises `UnreadableEncodingError`.
    """
    for window_bits in _KNOWN.get(encoding.strip().lower(), ()):
        decompressor = zlib.decompressobj(window_bits)
        try:
            plain = decompressor.decompress(body, largest + 1)
        except zlib.error:
            continue
        if decompressor.eof or len(plain) > largest:
            return plain
    raise UnreadableEncodingError(f"its body is encoded as {encoding[:_LONGEST_NAME]!r}, and cannot be decoded")
