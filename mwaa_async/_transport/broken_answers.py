"""What became of an answer that did not come whole, in words of our own: aiohttp's quote what came, which is secret."""

import os
import ssl
from collections.abc import Iterator

# By the names of aiohttp's errors (aiohttp/client_exceptions.py, aiohttp/http_exceptions.py), the cause first.
_HAPPENED = {
    "ContentLengthError": "the answer is shorter than it says",
    "TransferEncodingError": "the answer broke off in the midst of a chunk",
    "ContentEncodingError": "the answer is encoded in a way that cannot be read",
    "BadStatusLine": "what came has no status line of HTTP",
    "LineTooLong": "the answer has a header that is too long",
    "InvalidHeader": "the answer has a header that is not HTTP",
    "BadHttpMessage": "the answer has a header or a chunk that is not HTTP",
    "ServerDisconnectedError": "the web server closed the connection before it had answered",
    "ClientPayloadError": "the answer broke off",
    "ClientResponseError": "the answer is not HTTP",
}


def what_happened(error: Exception) -> str:
    """Return what one of aiohttp's or the system's errors says of the answer to a request that was sent."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if known := next((_HAPPENED[name] for name in _names(error) if name in _HAPPENED), None):
        return known
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        return f"the connection was lost ({os.strerror(error.errno)})"
    return f"the connection was lost ({type(error).__name__})"


def _names(error: BaseException) -> Iterator[str]:
    """Yield the names of the error and of its causes, the first cause first."""
    if error.__cause__ is not None:
        yield from _names(error.__cause__)
    yield type(error).__name__
