"""What a web server says that no HTTP library would: nothing of it is ever taken for another command's answer."""

import asyncio
import base64
import gzip
import logging
import time
import traceback
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mwaa_async import Environment, MwaaClient, OutcomeUnknownError, OutputError, RequestRejectedError
from mwaa_async.emulator import Emulator
from tests.raw_server import RawServer, Say, body, raw_web_server, response, says

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def raw(emulator: Emulator, **options: Any) -> AsyncIterator[tuple[RawServer, Environment]]:
    async with raw_web_server(emulator) as (server, trusting):
        given: dict[str, Any] = {
            **emulator.client_options(),
            "ssl_context": trusting,
            "settle_time": 0.0,
            "retry_reads": False,
        }
        async with MwaaClient(**given | options) as client:
            yield server, client.environment("demo", airflow_version="2.10.3")


def late(content: bytes, unasked: bytes, said: asyncio.Event) -> Say:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(unasked)
        await writer.drain()
        said.set()

    return say


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_commands(emulator: Emulator) -> None:
    async with raw(emulator) as (server, demo):
        said = asyncio.Event()
        unasked = response(body("Variable old created\n"))
        server.answers += [
            late(response(body("2.10.3\n")), unasked, said),
            says(response(body("Variable k created\n"))),
        ]
        await demo.run("version")
        await said.wait()
        await asyncio.sleep(0.05)  # it has to come through, which no event here tells
        result = await demo.run("variables set k v")
    assert result.text == "Variable k created\n"
    assert [request.split(b"\r\n\r\n")[1] for request in server.requests] == [b"version", b"variables set k v"]
    assert server.connections == 2


async def test_two_answers_at_once_are_one_answer_and_the_end_of_the_connection(emulator: Emulator) -> None:
    async with raw(emulator) as (server, demo):
        server.answers += [
            says(response(body("2.10.3\n")) + response(body("other\n"))),
            says(response(body("Variable k created\n"))),
        ]
        assert (await demo.run("version")).text == "2.10.3\n"
        assert (await demo.run("variables set k v")).text == "Variable k created\n"
    assert server.connections == 2


WHOLE = response(body("Variable k created\n"))
HEAD, CONTENT = WHOLE.split(b"\r\n\r\n", 1)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        says(*(WHOLE[at : at + 7] for at in range(0, len(WHOLE), 7))),
        says(b"HTTP/1.1 102 Processing\r\n\r\n", WHOLE),
        says(CHUNKED + f"{len(CONTENT):x}\r\n".encode() + CONTENT + b"\r\n0\r\n\r\n"),
        says(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT),
    ],
    ids=["drip", "1xx", "chunked", "HTTP/1.0"],
)
async def test_an_answer_is_read_however_it_is_sent(emulator: Emulator, answer: Say) -> None:
    async with raw(emulator) as (server, demo):
        server.answers += [answer, says(WHOLE)]
        for _ in range(2):
            assert (await demo.run("variables set k v")).text == "Variable k created\n"


BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
ENCODED = {
    "gzip": gzip.compress(CONTENT),
    "x-gzip": gzip.compress(CONTENT),
    "GZIP": gzip.compress(CONTENT),
    "deflate": zlib.compress(CONTENT),
    " deflate ": BARE.compress(CONTENT) + BARE.flush(),
    "identity": CONTENT,
    "": CONTENT,
}


@pytest.mark.parametrize("encoding", ENCODED)
async def test_no_encoding_is_asked_for_and_one_that_comes_all_the_same_is_read(
    emulator: Emulator, encoding: str
) -> None:
    async with raw(emulator) as (server, demo):
        server.answers.append(says(response(ENCODED[encoding], f"Content-Encoding: {encoding}")))
        assert (await demo.run("variables set k v")).text == "Variable k created\n"
    assert b"accept-encoding: identity\r\n" in server.requests[0].lower()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("br", CONTENT),
        ("zstd", CONTENT),
        ("gzip, br", CONTENT),
        ("gzip", CONTENT),
        ("gzip", gzip.compress(CONTENT)[:-12]),
        ("deflate", CONTENT),
        ("x" * 5000, CONTENT),
    ],
    ids=["br", "zstd", "two", "no gzip", "cut gzip", "no deflate", "long name"],
)
async def test_a_body_in_an_encoding_that_cannot_be_read_leaves_the_outcome_unknown(
    emulator: Emulator, encoding: str, content: bytes
) -> None:
    async with raw(emulator) as (server, demo):
        server.answers += [says(response(content, f"Content-Encoding: {encoding}")), says(WHOLE)]
        with pytest.raises(OutcomeUnknownError, match=r"its body is encoded as '.*', and cannot be decoded") as caught:
            await demo.run("variables set k v")
        assert (caught.value.ran, caught.value.http_status) == (None, 200)
        assert "400" not in str(caught.value)
        assert len(str(caught.value)) < 300
        assert (await demo.run("variables set k v")).text == "Variable k created\n"


async def test_a_small_body_that_is_decoded_to_a_huge_one_is_too_large(emulator: Emulator) -> None:
    async with raw(emulator) as (server, demo):
        server.answers.append(says(response(gzip.compress(bytes(100 << 20), 1), "Content-Encoding: gzip")))
        with pytest.raises(OutputError, match="it printed more than"):
            await demo.run("dags list")


@pytest.mark.parametrize(
    "answer",
    [
        says(WHOLE[:-5]),
        says(CHUNKED + b"ff\r\n" + CONTENT),
        says(CHUNKED + b"what?\r\n" + CONTENT),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + CONTENT),
        says(b"hello\r\n\r\n"),
        says(b"\x00\x01\x02"),
        says(),
    ],
    ids=["cut", "cut chunk", "no chunk", "negative length", "text", "bytes", "nothing"],
)
async def test_an_answer_that_is_none_leaves_the_outcome_unknown(emulator: Emulator, answer: Say) -> None:
    async with raw(emulator) as (server, demo):
        server.answers.append(answer)
        with pytest.raises(OutcomeUnknownError) as caught:
            await demo.run("variables set k v")
        assert caught.value.ran is None
        assert len(server.requests) == 1


SECRET = "correct-horse-battery"
PRINTED = body(f"{SECRET}\n")
SHOWING = [
    "variables get k",
    "variables export -",
    "connections get c",
    "connections export -",
    "connections list -o json",
    "tasks render etl load 2026-01-01",
    "connections add c --conn-uri x",
]
BROKEN = {
    "cut JSON": says(response(PRINTED[:-9])),
    "no base64": says(response(b'{"stdout": "%s"}' % SECRET.encode())),
    "plain": says(response(SECRET.encode())),
    "bare base64": says(response(base64.b64encode(SECRET.encode()))),
    "not UTF-8": says(response(b"\xff" + PRINTED)),
    "page": says(response(f"<html>{SECRET}</html>".encode(), status="500 Internal Server Error")),
    "403": says(response(SECRET.encode(), status="403 Forbidden")),
    "404": says(response(SECRET.encode(), status="404 Not Found")),
    "418": says(response(SECRET.encode(), status="418 I'm a teapot")),
    "cut": says(response(PRINTED)[:-9]),
    "no HTTP": says(PRINTED + b"\r\n\r\n"),
    "bad chunk": says(CHUNKED, PRINTED + b"\r\n"),
    "cut chunk": says(CHUNKED + b"ff\r\n" + PRINTED),
    "bad header": says(b"HTTP/1.1 200 OK\r\n" + PRINTED + b"\r\n\r\n"),
    "bad name": says(b"HTTP/1.1 200 OK\r\n" + SECRET.encode() + b"\x00: 1\r\n\r\n"),
    "long header": says(b"HTTP/1.1 200 OK\r\nX: " + SECRET.encode() * 5000 + b"\r\n\r\n"),
    "cut header": says(b"HTTP/1.1 200 OK\r\nX: 1\r\n" + SECRET.encode()),
    "cut headers": says(b"HTTP/1.1 200 OK\r\nX: " + SECRET.encode() + b"\r\nContent-Le"),
    "bad length": says(b"HTTP/1.1 200 OK\r\nContent-Length: " + SECRET.encode() + b"\r\n\r\n"),
    "bad status": says(b"HTTP/1.1 " + SECRET.encode() + b"\r\n\r\n"),
    "encoding": says(response(PRINTED, "Content-Encoding: br")),
    "bad gzip": says(response(PRINTED, "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_nothing_of_what_a_command_with_secrets_printed_is_in_an_error(
    emulator: Emulator, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with raw(emulator, allow_unlisted=True) as (server, demo):
        for command in SHOWING:
            server.answers += [BROKEN[kind]] * (2 if kind == "403" else 1)  # a refused token is replaced once
            with pytest.raises((OutcomeUnknownError, RequestRejectedError)) as caught:
                await demo.run(command)
            told = "\n".join([*traceback.format_exception(caught.value), *map(repr, _chain(caught.value)), caplog.text])
            encoded = base64.b64encode(SECRET.encode()).decode()
            assert not any(part in told for part in (SECRET, SECRET[:9], encoded[:9], encoded[-9:]))
            assert "message=" not in str(caught.value)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("cut", "the answer is shorter than it says"),
        ("no HTTP", "what came has no status line of HTTP"),
        ("bad chunk", "the answer has a header or a chunk that is not HTTP"),
        ("cut chunk", "the answer broke off in the midst of a chunk"),
        ("long header", "the answer has a header that is too long"),
        ("cut header", "the web server closed the connection before it had answered"),
        ("plain", r"HTTP 200 with 21 bytes that are not shown, since they may hold a secret"),
        ("page", "HTTP 500 with 34 bytes of HTML that are not shown"),
    ],
)
async def test_what_became_of_a_broken_answer_is_told_in_plain_words(emulator: Emulator, kind: str, told: str) -> None:
    async with raw(emulator) as (server, demo):
        server.answers.append(BROKEN[kind])
        with pytest.raises(OutcomeUnknownError, match=told):
            await demo.run("variables get k")


@pytest.mark.parametrize(
    "ending",
    [
        response(b"", status="403 Forbidden"),
        response(b"", "Retry-After: 0", status="429 Too Many Requests"),
        response(b"", status="504 Gateway Time-out"),
        b"",
    ],
    ids=["403", "429", "504", "lost"],
)
async def test_an_abandoned_command_is_not_sent_anew_for_nobody(emulator: Emulator, ending: bytes) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go.wait()
        writer.write(ending)
        writer.close()

    async with raw(emulator, retry_reads=True) as (server, demo):
        server.answers += [answer, says(response(body("again\n")))]
        command = asyncio.create_task(demo.run("variables list"))
        await asked.wait()
        command.cancel()
        await asyncio.wait([command])
        go.set()
        while demo.statistics().running:
            await asyncio.sleep(0.001)
        assert len(server.requests) == 1


async def test_a_command_of_3_mb_is_told_in_no_time_and_in_few_words(emulator: Emulator) -> None:
    value = "'a b' \"c\" \\ " * 300_000
    async with raw(emulator) as (server, demo):
        server.answers.append(says(response(b"", status="403 Forbidden")))
        server.answers.append(says(response(b"", status="403 Forbidden")))
        started = time.process_time()
        with pytest.raises(RequestRejectedError) as caught:
            await demo.run(["variables", "set", "k", value])
        assert time.process_time() - started < 5  # of which sending it is the most; `shlex` takes minutes
    assert caught.value.command == "variables set k ***"
    assert len(str(caught.value)) < 500
