"""The web server's answer to a command: JSON with stdout and stderr in base64."""

import binascii
import codecs
import json
from itertools import pairwise
from typing import Any, NamedTuple

_STEP = 1 << 20  # a multiple of four, so that every step is base64 of its own


class Output(NamedTuple):
    """What Airflow printed."""

    stdout: str
    stderr: str


class GarbledAnswerError(ValueError):
    """The answer is not the JSON document that the endpoint documents."""


def read_answer(body: bytes | bytearray) -> Output:
    """Return Airflow's output from the body of an answer; bytes that are no UTF-8 are replaced (U+FFFD).

    Raises `GarbledAnswerError`. https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # Without the cause, whose `repr` and attributes have what was printed in them.
        raise GarbledAnswerError("the answer is not JSON") from None
    if not isinstance(answer, dict) or not ({"stdout", "stderr"} & answer.keys()):
        raise GarbledAnswerError("the answer has neither stdout nor stderr")
    return Output(_stream(answer, "stdout"), _stream(answer, "stderr"))


def read_large_answer(body: bytes | bytearray) -> Output:
    """Do what `read_answer` does in many short steps, for a worker thread.

    `json.loads` and `b64decode` hold the interpreter's lock for as long as they run. For an answer of 100 MB that is
    most of a second, in which the event loop stands still although it is in another thread.
    """
    try:
        streams = _flat_strings(body)
        return Output(_stream_in_steps(streams[b"stdout"]), _stream_in_steps(streams[b"stderr"]))
    except (KeyError, binascii.Error):
        return read_answer(body)  # unusual, but perhaps valid; or it says what is wrong


def _stream(answer: dict[str, Any], name: str) -> str:
    encoded = answer.get(name)
    if encoded is None:
        return ""
    try:
        return _decoded(encoded)
    except (TypeError, ValueError):
        raise GarbledAnswerError(f"{name} in the answer is not base64") from None


def _decoded(encoded: str) -> str:
    try:
        return binascii.a2b_base64(encoded, strict_mode=True).decode(errors="replace")
    except binascii.Error:
        # MIME's kind of base64 has line breaks.
        return binascii.a2b_base64("".join(encoded.split()), strict_mode=True).decode(errors="replace")


def _flat_strings(body: bytes | bytearray) -> dict[bytes, memoryview]:
    """Return the strings of `{"a": "…", "b": "…"}` without copying them, or nothing for any other shape."""
    quotes, position = [-1], -1
    while len(quotes) < 10 and (position := body.find(b'"', position + 1)) >= 0:
        quotes.append(position)
    quotes.append(len(body))
    parts = [memoryview(body)[start + 1 : end] for start, end in pairwise(quotes)]
    if [_short(part).strip(b" \t\r\n") for part in parts[::2]] != [b"{", b":", b",", b":", b"}"]:
        return {}
    return {_short(key): value for key, value in zip(parts[1::4], parts[3::4], strict=True)}


def _short(part: memoryview) -> bytes:
    return bytes(part) if len(part) < 100 else b""  # what is longer is neither a key nor what stands between strings


def _stream_in_steps(encoded: memoryview) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    steps = [encoded[start : start + _STEP] for start in range(0, len(encoded), _STEP)]
    if any(step[-1] == ord("=") for step in steps[:-1]):
        raise binascii.Error("padding before the end")
    pieces = [decoder.decode(binascii.a2b_base64(step, strict_mode=True)) for step in steps]
    return "".join([*pieces, decoder.decode(b"", final=True)])
