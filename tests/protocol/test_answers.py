"""Reading the web server's answer."""

import json
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mwaa_async._protocol.answers import GarbledAnswerError, Output, read_answer, read_large_answer

Read = Callable[[bytes | bytearray], Output]
BOTH = pytest.mark.parametrize("read", [read_answer, read_large_answer])
STEP = 1 << 20  # characters of base64 that a large answer is decoded in at a time


def base64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def answer(stdout: str | bytes, stderr: str | bytes = "") -> bytes:
    return json.dumps({"stderr": base64(stderr), "stdout": base64(stdout)}).encode()


@BOTH
@given(stdout=st.text(), stderr=st.text())
def test_an_answer_gives_what_airflow_printed(read: Read, stdout: str, stderr: str) -> None:
    body = answer(stdout, stderr)
    assert read(body) == read(bytearray(body)) == Output(stdout, stderr)


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        '{"stdout": "b3V0", "stderr": "ZXJy"}',
        '{"stderr":"ZXJy","stdout":"b3V0"}',
        '\r\n{ "stdout"\t: "b3V0" ,\n "stderr" : "ZXJy" }\n',
        '\ufeff{"stdout": "b3V0", "stderr": "ZXJy"}',
        '{"stdout": "b3V0", "stderr": "ZXJy", "exit": 0, "more": {"stdout": "bm8="}}',
        '{"version": "2.10.5", "stdout": "b3V0", "stderr": "ZXJy"}',
        '{"stdout": "bm8=", "stdout": "b3V0", "stderr": "ZXJy"}',
        '{"\\u0073tdout": "b3V\\u0030", "stderr": "ZXJy"}',
        '{"stdout": "b3\\nV0\\r\\n", "stderr": " ZX Jy"}',
        '{"stdout"' + " " * 200 + ': "b3V0", "stderr": "ZXJy"}' + " " * 200,
    ],
)
def test_the_shape_of_the_document_does_not_matter(read: Read, body: str) -> None:
    assert read(body.encode()) == Output("out", "err")


@BOTH
@pytest.mark.parametrize(
    "body", ['{"stdout": "b3V0"}', '{"stdout": "b3V0", "stderr": null}', '{"stdout":"b3V0","stderr":""}']
)
def test_a_stream_that_is_missing_is_empty(read: Read, body: str) -> None:
    assert read(body.encode()) == Output("out", "")


@BOTH
def test_slashes_may_be_escaped(read: Read) -> None:
    body = answer(b"\xff\xff\xff???").replace(b"/", b"\\/")
    assert b"\\/" in body
    assert read(body).stdout == "\ufffd\ufffd\ufffd???"


@BOTH
def test_line_breaks_in_base64_are_no_harm(read: Read) -> None:
    encoded = base64("x" * 300)
    lines = "\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76))
    assert read(json.dumps({"stdout": lines, "stderr": ""}).encode()).stdout == "x" * 300


@BOTH
def test_bytes_that_are_no_utf_8_are_replaced(read: Read) -> None:
    assert read(answer(b"caf\xe9 \xf0\x9f ok", b"\xc3")) == Output("caf\ufffd \ufffd ok", "\ufffd")


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "<html><body><h1>504 Gateway Time-out</h1></body></html>",
        "null",
        "17",
        '"stdout"',
        "[]",
        '[{"stdout": "", "stderr": ""}]',
        "{}",
        '{"message": "Internal Server Error"}',
        '{"Stdout": "b3V0"}',
        '{"stdout": "b3V0", "stderr": "ZXJy"',
        '{"stdout": "b3V0", "stde',
        '{"stdout": "b3V0", "stderr": "ZXJy"} and more',
        '{"stdout": "b3V0", "stderr": "ZXJy"}          and more',
        '{"stdout":           x "b3V0", "stderr": "ZXJy"}',
        '\x0b{"stdout": "b3V0", "stderr": "ZXJy"}',
        '{"stdout": "b3V0", "stderr": "ZXJy"}{}',
        '{"stdout": "b3\nV0", "stderr": "ZXJy"}',
        '{"stdout": "b3V", "stderr": "ZXJy"}',
        '{"stdout": "bm8=b3V0", "stderr": "ZXJy"}',
        '{"stdout": "not base64!", "stderr": ""}',
        '{"stdout": "名", "stderr": ""}',
        '{"stdout": "\\ud800", "stderr": ""}',
        '{"stdout": 17, "stderr": ""}',
        '{"stdout": 0, "stderr": ""}',
        '{"stdout": false}',
        '{"stdout": [], "stderr": ""}',
        '{"stdout": {}, "stderr": ""}',
        '{"stdout": ["b3V0"], "stderr": ""}',
        "[" * 100_000,
        '{"stdout": ' + "[" * 100_000,
        '{"stdout": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_not_the_documented_answer_is_garbled(read: Read, body: str) -> None:
    with pytest.raises(GarbledAnswerError):
        read(body.encode())


@BOTH
def test_bytes_that_are_no_text_are_garbled(read: Read) -> None:
    for body in (b"\x1f\x8b\x08\x00", b"\xff\xfe", b"\x00", b'{"stdout": "\xff", "stderr": ""}'):
        with pytest.raises(GarbledAnswerError):
            read(body)


def _outcome(read: Read, body: bytes) -> Output | None:
    try:
        return read(body)
    except GarbledAnswerError:
        return None


BLANKS = st.text(alphabet=" \t\r\n\x0b", max_size=12)
STRINGS = st.one_of(
    st.sampled_from(
        ['"stdout"', '"stderr"', '"b3V0"', '""', '"bm8="', '"b3\\u0056"', '"\\/\\/\\/\\/"', "null", '"b"', '"a\\""']
    ),
    st.text(alphabet='ab=/+\\n" ', max_size=9).map(lambda text: f'"{text}"'),
)
DOCUMENTS = st.tuples(
    *(BLANKS, st.just("{"), BLANKS, STRINGS, BLANKS, st.just(":"), BLANKS, STRINGS, BLANKS, st.just(",")),
    *(BLANKS, STRINGS, BLANKS, st.just(":"), BLANKS, STRINGS, BLANKS, st.sampled_from(["}", "", "},", "} x"]), BLANKS),
).map("".join)


@given(st.one_of(DOCUMENTS, st.text(), st.text(alphabet='{}":, stdoutstderr')))
@example('{"stdout": "b3V0", "stderr": ""}          x')
@example('{"stdout": "b3V0", "stdout": "bm8="}')
def test_a_large_answer_is_read_as_a_small_one(body: str) -> None:
    encoded = body.encode(errors="replace")
    assert _outcome(read_large_answer, encoded) == _outcome(read_answer, encoded)


@pytest.mark.parametrize("shift", range(4))
def test_a_character_that_lies_across_two_steps_is_read_whole(shift: int) -> None:
    text = "x" * shift + "🎉" * (STEP // 2)
    body = answer(text, text[:9])
    assert len(body) > 2 * STEP
    assert read_large_answer(body) == read_answer(body) == Output(text, text[:9])


def test_padding_at_the_end_of_a_step_is_as_garbled_as_elsewhere() -> None:
    body = json.dumps({"stdout": "A" * (STEP - 4) + "QQ==" + "QUJD", "stderr": ""}).encode()
    for read in (read_answer, read_large_answer):
        with pytest.raises(GarbledAnswerError):
            read(body)
