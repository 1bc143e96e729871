"""Any JSON object as a run's conf, and any text as a variable's value, go through a real Airflow unchanged."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mwaa_async import Environment, OutputError, UnsupportedCommandError

from .checks.others import store_variable
from .conftest import RealAirflow, with_logs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

# Every example starts an Airflow once or twice, which takes seconds; the same ones each time, so that a failure stays.
few = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)

NASTY = {
    "packed": " -o json\r\n'single' \"double\" $HOME `id` \\ \\n %s {{ ds }} ; rm & | > < ~ * ? !!\t\x01\x1b[31m\x7f"
    "\x85\u2028 名前 🎉 [red]markup[/red] :smile:\r\n\n",
    "dashes": "--help",
    "dash": "-",
    "two dashes": "--",
    "empty": "",
    "blank": " \n\t\n\n",
    "null": "None",
    "failure": "Traceback (most recent call last):\nKeyError: 'x'\nRole named 'x' does not exist",
    "JSON": '[{"key": 1.0, "other": null }, NaN]',
    # Linux takes no argument of 128 KiB or more, and as JSON this one is somewhat longer.
    "100 kB": "it's a long one\n" * 6_250,
}
COLOURS = re.compile(r"\x01?\x1b\[[\d;]*[A-Za-z]\x02?")
NESTED: Any = {"list": [1, -2.5, None, True, [], {"deep": {"deeper": '{"not": "parsed"}'}}], "empty": {}, "big": 2**70}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
# The operating system's command line has no NUL.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)


@with_logs("plain")
@few
@given(conf=st.dictionaries(st.text(), json_values, min_size=3))
@example(conf={**NASTY, "nested": NESTED, "--conf": "\0\ud800"})
@example(conf={text: number for number, text in enumerate(NASTY.values())})
@example(conf={})
async def test_a_conf_arrives_unchanged_in_the_database(airflow: RealAirflow, demo: Environment, conf: Any) -> None:
    run = await demo.dags.trigger("demo", conf=conf)
    (stored,) = airflow.rows("dag_run", run_id=run.run_id)
    assert stored["conf"] == run.conf == conf


nasty_texts = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NASTY.items()])


@with_logs("plain")
@nasty_texts
async def test_a_nasty_text_comes_back_as_it_was_set(airflow: RealAirflow, demo: Environment, text: str) -> None:
    await assert_comes_back(airflow, demo, text)


@with_logs("plain")
@few
@given(text=texts)
async def test_any_text_comes_back_as_it_was_set(airflow: RealAirflow, demo: Environment, text: str) -> None:
    await assert_comes_back(airflow, demo, text)


@with_logs("mwaa at most")
@nasty_texts
async def test_a_nasty_text_is_read_among_the_lines_of_mwaa(airflow: RealAirflow, demo: Environment, text: str) -> None:
    airflow.query("DELETE FROM variable WHERE key = 'nasty'")
    store_variable(airflow, "nasty", text)
    try:
        assert await demo.variables.get("nasty") == text
    except OutputError:
        # After a log record this traceback might be the record's, and that is said.
        assert text == NASTY["failure"]


async def assert_comes_back(airflow: RealAirflow, demo: Environment, text: str) -> None:
    if text == "--" or (airflow.parsed_version < (2, 0, 0) and text.startswith("-")):
        with pytest.raises(UnsupportedCommandError):
            await demo.variables.set("text", text)
        return
    await demo.variables.set("text", text)
    (stored,) = airflow.rows("variable", key="text")
    assert stored["val"] == text
    # Colorama, which 1.10 sets up, takes the terminal's colours away from what is printed.
    printed = text if airflow.parsed_version >= (2, 0, 0) else COLOURS.sub("", text)
    assert await demo.variables.get("text") == printed
