"""What an answer means for the one who asked."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mwaa_async import (
    CommandFailedError,
    CommandResult,
    ConnectError,
    MwaaError,
    OutcomeUnknownError,
    RequestRejectedError,
)
from mwaa_async._attempts import LostError, NotSentError, StatusError, end_is_unseen
from mwaa_async._outcomes import check, error_after, excerpt, ran, seconds_to_wait

LINE = "variables set key s3cr3t"
STATUSES = [200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 405, 408, 413, 418, 429, 500, 502, 503, 504, 520]


def result(stdout: str = "", stderr: str = "", status: int = 200, line: str = LINE) -> CommandResult:
    return CommandResult("prod", line, stdout, stderr, status, 0.0, 0.0)


@pytest.mark.parametrize("status", STATUSES)
def test_airflow_ran_with_200_and_400_only(status: int) -> None:
    assert ran(status) == (status in (200, 400))


@pytest.mark.parametrize("status", STATUSES)
def test_a_command_may_be_running_on_after_a_server_error_only(status: int) -> None:
    assert end_is_unseen(StatusError(status, b"", None)) == (status >= 500)


@pytest.mark.parametrize(
    ("status", "retry_after", "kind", "what_to_do"),
    [
        (301, None, RequestRejectedError, "points to nowhere, which is not followed"),
        (302, None, RequestRejectedError, "points to nowhere, which is not followed"),
        (307, None, RequestRejectedError, "look at a proxy in between"),
        (401, None, RequestRejectedError, "the caller's role may lack access"),
        (403, None, RequestRejectedError, "the caller's role may lack access"),
        (404, None, RequestRejectedError, "look at the environment's web server access mode"),
        (405, None, RequestRejectedError, "look at a proxy in between"),
        (413, None, RequestRejectedError, "pass a shorter conf"),
        (429, None, RequestRejectedError, "try again later (HTTP 429)"),
        (429, 30.0, RequestRejectedError, "try again later (in 30 s)"),
        (503, 2.5, RequestRejectedError, "try again later (in 2.5 s)"),
        (503, 0.0, RequestRejectedError, "try again later (in 0 s)"),
        (503, None, OutcomeUnknownError, "the command may have run; look in Airflow before you repeat it"),
        (500, None, OutcomeUnknownError, "when it does not offer the command; look in Airflow"),
        (500, 5.0, OutcomeUnknownError, "look in Airflow before you repeat it"),
        (502, None, OutcomeUnknownError, "look in Airflow before you repeat it"),
        (504, None, OutcomeUnknownError, "the command may be running on; look in Airflow before you repeat it"),
        (
            418,
            9.0,
            OutcomeUnknownError,
            "no answer that this endpoint is known to give; look in Airflow before you repeat it",
        ),
    ],
)
def test_a_status_says_whether_the_command_ran_and_what_to_do(
    status: int, retry_after: float | None, kind: type[MwaaError], what_to_do: str
) -> None:
    error = error_after(StatusError(status, b"<h1>Sorry</h1>", retry_after), LINE, "prod")
    assert type(error) is kind
    assert isinstance(error, RequestRejectedError | OutcomeUnknownError)
    assert error.ran is (False if kind is RequestRejectedError else None)
    assert (error.environment, error.command, error.result) == ("prod", "variables set key ***", None)
    assert error.http_status == status
    assert str(error).startswith("prod: ")
    assert all(part in str(error) for part in (what_to_do, f"HTTP {status}", "'variables set key ***'"))


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://prod.example/aws_mwaa/cli/", "'http://prod.example/aws_mwaa/cli/'"),
        ("https://login.example/?token=s3cr3t", "'https://login.example/'"),
        ("https://user:s3cr3t@login.example/x", "'https://login.example/x'"),
        ("/login#s3cr3t", "'/login'"),
        ("/" + "x" * 5000, "'/" + "x" * 199 + "'"),
        ("/a\x1b[31m", r"'/a\x1b[31m'"),
    ],
)
def test_a_redirect_is_told_with_where_it_points_to(location: str, shown: str) -> None:
    error = error_after(StatusError(302, b"", None, location=location), LINE, "prod")
    assert f"points to {shown}, which is not followed" in str(error)
    assert error.ran is False


def test_a_refusal_says_what_is_refused() -> None:
    told = str(error_after(StatusError(403, b"", None, caller_is_known=True), "dags report -o json", "prod"))
    assert "takes this caller's CLI tokens for other commands, and refuses 'dags report'" in told
    told = str(error_after(StatusError(403, b"", None), LINE, "prod"))
    assert "the caller's role may lack access to this environment's Airflow, or this command is not allowed" in told
    assert "'variables set'" in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize(("status", "retry_after"), [(429, None), (429, 30.0), (503, 0.0), (503, 2.5)])
def test_a_rejection_says_how_long_to_wait(status: int, retry_after: float | None) -> None:
    error = error_after(StatusError(status, b"", retry_after), LINE, "prod")
    assert isinstance(error, RequestRejectedError)
    assert error.retry_after == retry_after


def test_an_unknown_outcome_names_its_cause() -> None:
    error = error_after(LostError("the connection was lost"), LINE, "prod")
    assert isinstance(error, OutcomeUnknownError)
    assert str(error) == (
        "prod: it is unknown whether 'variables set key ***' ran: the connection was lost; "
        "look in Airflow before you repeat it"
    )
    assert (error.ran, error.http_status, error.command) == (None, None, "variables set key ***")


def test_where_nothing_was_sent_nothing_ran() -> None:
    error = error_after(NotSentError("the name is not known"), LINE, "prod")
    assert isinstance(error, ConnectError)
    assert "no connection to the web server: the name is not known" in str(error)
    assert (error.ran, error.environment, error.command) == (False, "prod", "variables set key ***")


@pytest.mark.parametrize("status", [200, 400])
def test_the_same_failure_gives_the_same_error_whatever_its_status(status: int) -> None:
    failed = result(stderr="Variable s3cr3t does not exist\n", status=status)
    with pytest.raises(CommandFailedError) as caught:
        check(failed)
    assert str(caught.value) == "prod: Airflow ran 'variables set key ***', and it failed: Variable *** does not exist"
    assert (caught.value.ran, caught.value.environment, caught.value.command) == (True, "prod", "variables set key ***")
    assert caught.value.result is failed


def test_a_command_that_succeeded_passes() -> None:
    check(result("Variable key created\n"))
    check(result("Variable key created\n", "/x.py:48 UserWarning: Error\n"))


def test_400_is_a_failure_even_where_airflow_does_not_say_why() -> None:
    with pytest.raises(CommandFailedError, match=r"failed: HTTP 400$"):
        check(result("Variable key created\n", status=400))


@pytest.mark.parametrize("status", [200, 400])
def test_listed_import_errors_are_an_answer_whatever_its_status(status: int) -> None:
    check(result('[{"filepath": "a.py", "error": "no"}]\n', status=status, line="dags list-import-errors -o json"))


@pytest.mark.parametrize("line", ["tasks clear -y etl", "dags reserialize", "clear -c etl", "variables -s k v"])
def test_a_command_that_prints_nothing_does_not_fail_of_what_a_dag_file_prints(line: str) -> None:
    check(result(stderr="using the fallback configuration\n", line=line))
    with pytest.raises(CommandFailedError, match="failed: DagRun failed"):
        check(result(stderr="using the fallback configuration\nDagRun failed\n", line=line))


def test_a_command_that_should_have_answered_fails_of_a_message_that_is_not_known() -> None:
    with pytest.raises(CommandFailedError, match="failed: a reason of a version to come"):
        check(result(stderr="a reason of a version to come\n", line="dags pause etl"))


def test_an_excerpt_is_short_and_in_one_line() -> None:
    page = b"<html>\r\n<head><title>504 Gateway Time-out</title></head>\n" + b"<p>x</p>\n" * 100_000
    shown = excerpt(bytearray(page), "dags list")
    assert shown.startswith("'<html> <head><title>504 Gateway Time-out</title></head> <p>x</p>")
    assert len(shown) <= 82
    assert excerpt(b"", LINE) == "''"
    assert excerpt(b"\xff\x00\x1b[31m", "dags list") == "'\ufffd\\x00\\x1b[31m'"


@pytest.mark.parametrize("line", [LINE, "variables get key", "connections add c", "tasks render etl load x", "vars"])
@pytest.mark.parametrize(("body", "kind"), [(b"eyJ0", ""), (b" <html>Sorry", "of HTML "), (b"\xff" * 4000, "")])
def test_nothing_is_shown_of_an_answer_to_a_command_with_secrets(line: str, body: bytes, kind: str) -> None:
    assert excerpt(body, line) == f"with {len(body)} bytes {kind}that are not shown, since they may hold a secret"


@pytest.mark.parametrize(
    "line", ["variables get key", "variables --get key", "connections get c", "variables export -"]
)
@pytest.mark.parametrize(
    "value",
    [
        "Role named 's3cr3t' does not exist",
        '{"timestamp":"2026-11-22T10:33:13Z","level":"critical","event":"s3cr3t","logger":"unhandled_exception",'
        '"exception":[{"exc_type":"ValueError","exc_value":"s3cr3t"}]}\nand more',
    ],
)
def test_a_stored_value_that_reads_like_a_failure_is_none_and_is_not_told(line: str, value: str) -> None:
    check(result(f"{value}\n", line=line))
    with pytest.raises(CommandFailedError) as caught:
        check(result(f"{value}\n", "DagRun failed\n", line=line))
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("9" * 400, 86400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2315 07:28:00 GMT", 86400.0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Mon, 01 Jan 9999 00:00:00 -2359", 86400.0),
        ("", None),
        (" ", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("nan", None),
        ("²", None),
        ("soon", None),
        ("Wed, 21 Oct 99999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(retry_after: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(retry_after) == seconds


def test_retry_after_as_a_date_is_the_time_until_then() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait = seconds_to_wait(then)
    assert wait is not None
    assert 40 < wait <= 60


@given(st.text() | st.from_regex(r"\w{3}, -?\d+ \w{3} \d+ \d+:\d+:\d+ ([-+]\d+|GMT)", fullmatch=True))
def test_no_header_makes_anything_but_a_time_that_can_be_waited(retry_after: str) -> None:
    wait = seconds_to_wait(retry_after)
    assert wait is None or (math.isfinite(wait) and wait >= 0)
