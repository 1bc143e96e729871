"""What AWS may answer, and what is taken of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mwaa_async._protocol.aws_answers import UnusableAnswerError, read_description, read_page, read_token

HOST = "123456a0-1b2c.c10.airflow.eu-west-1.on.aws"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MEMBERS = ["CliToken", "WebServerHostname", "Environment", "Environments", "NextToken"]


@pytest.mark.parametrize(
    "host",
    [
        HOST,
        "123456a0.c2.us-east-1.airflow.amazonaws.com",
        "123456a0-vpce.c2.cn-north-1.airflow.amazonaws.com.cn",
        "127.0.0.1:8443",
        "localhost:1",
        "a:65535",
        "under_score.example",
        ".".join(["a" * 63] * 4),
    ],
)
def test_a_token_and_a_host_are_taken_as_they_are(host: str) -> None:
    assert read_token({"CliToken": "eyJ.a-b_c/+=~", "WebServerHostname": host}) == ("eyJ.a-b_c/+=~", host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "...", "a..b", ".a", "a.", "-a.b", "a-.b", "a" * 64, "a." * 131 + "a"),
        *("a:0", "a:99999", "a:65536", "a:", "a:b", "a:1:2", "a:-1", "a:٣", ":80", "[::1]"),
        *("a/b", "a/", "u@a", "u:p@a", "https://a", "a?b", "a#b", "a b", " a", "a\n", "a\r\nX: y", "ä.example", "a\\b"),
        *(None, 1, 1.5, True, ["a"], {"a": "b"}),
    ],
)
def test_what_is_no_host_is_refused(host: Any) -> None:
    with pytest.raises(UnusableAnswerError, match="without a usable web server name") as caught:
        read_token({"CliToken": "s3cr3t", "WebServerHostname": host})
    assert "s3cr3t" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "token",
    ["", " ", "s3cr3t\n", "s3cr3t\r\nX: y", "s3 cr3t", "s3cr3t\x00", "s3cr3té", "s3cr3t" * 10_000, None, 1, ["s3cr3t"]],
)
def test_what_is_no_token_is_refused_and_not_shown(token: Any) -> None:
    with pytest.raises(UnusableAnswerError, match="without a usable token") as caught:
        read_token({"CliToken": token, "WebServerHostname": HOST})
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [None, [], "", 1, {}, {"Environment": None}, {"Environment": []}, {"Environment": "a"}]
)
def test_what_is_no_description_is_refused(answer: Any) -> None:
    with pytest.raises(UnusableAnswerError, match="without a description"):
        read_description(answer)


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"Environments": None}, {"Environments": "ab"}, {"Environments": ["a", 1]}]
)
def test_what_is_no_page_of_names_is_refused(answer: Any) -> None:
    with pytest.raises(UnusableAnswerError, match="without the names"):
        read_page(answer)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON) | JSON)
def test_nothing_that_aws_may_say_raises_anything_else(answer: Any) -> None:
    for read in (read_token, read_description, read_page):
        try:
            assert json.dumps(read(answer))
        except UnusableAnswerError as error:
            assert str(error)
