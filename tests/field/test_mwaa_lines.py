"""The lines that MWAA's own logging set-up prints, which clients in the field filter one by one."""

import pytest

from mwaa_async import CommandFailedError, VariableNotFoundError
from tests.field import TWELVE_LINES, WARNINGS, answer, environment, recorded

pytestmark = pytest.mark.anyio

RECORD = "[2026-11-25T04:01:20.336+0000] {cli_action_loggers.py:98} DEBUG - Calling callbacks: []\n"
DISPOSED = "[2026-11-25T04:01:20.339+0000] {settings.py:612} DEBUG - Disposing DB connection pool (PID 32520)\n"


async def test_mwaas_lines_before_a_variables_value_are_no_part_of_it() -> None:
    async with recorded(answer(f"{TWELVE_LINES}s3://bucket\n")) as emulator, environment(emulator) as demo:
        assert await demo.variables.get("bucket") == "s3://bucket"


async def test_debug_records_around_a_variables_value_are_no_part_of_it() -> None:
    printed = f"{TWELVE_LINES}{RECORD}s3://bucket\n{RECORD}{DISPOSED}"
    async with recorded(answer(printed)) as emulator, environment(emulator) as demo:
        assert await demo.variables.get("bucket") == "s3://bucket"


@pytest.mark.parametrize("value", ["two\nlines", "", "CloudWatch", '{"a": 1}', "  blanks  "])
async def test_a_value_is_whole_after_mwaas_lines(value: str) -> None:
    async with recorded(answer(f"{TWELVE_LINES}{value}\n")) as emulator, environment(emulator) as demo:
        assert await demo.variables.get("key") == value


async def test_the_text_of_an_answer_is_without_them_and_stdout_as_it_came() -> None:
    printed = f"{TWELVE_LINES}{RECORD}2.10.3\n"
    async with recorded(answer(printed)) as emulator, environment(emulator) as demo:
        result = await demo.run("version")
    assert result.stdout == printed
    assert result.text.strip() == "2.10.3"


async def test_warnings_and_mwaas_lines_alone_hide_no_failure() -> None:
    failed = {"exit": 1, "stdout": TWELVE_LINES, "stderr": f"{WARNINGS}Variable nosuch does not exist\n"}
    async with recorded(failed) as emulator, environment(emulator) as demo:
        with pytest.raises(VariableNotFoundError):
            await demo.variables.get("nosuch")


async def test_a_one_line_exit_message_after_the_warnings_is_a_failure_although_it_is_on_no_list() -> None:
    failed = {"exit": 1, "stdout": TWELVE_LINES, "stderr": f"{WARNINGS}Something that no list has\n"}
    async with recorded(failed) as emulator, environment(emulator) as demo:
        with pytest.raises(CommandFailedError, match="Something that no list has"):
            await demo.run("dags pause etl")


async def test_the_last_rendered_field_ends_before_the_debug_records() -> None:
    rendered = "# " + "-" * 58 + "\n# property: cwd\n# " + "-" * 58 + "\nNone\n\n"
    async with (
        recorded(answer(f"{TWELVE_LINES}{rendered}{RECORD}{DISPOSED}")) as emulator,
        environment(emulator) as demo,
    ):
        assert await demo.tasks.render("etl", "load", "r1") == {"cwd": "None"}
