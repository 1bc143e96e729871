"""`mwaa-async variables`, `connections` and `dags`: many idempotent things in one batch."""

import asyncio
import csv
import json
import os
import re
import shlex
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mwaa_async._bulk.connection_file import read_connections
from mwaa_async._bulk.variable_file import read_variables
from mwaa_async.emulator import CutConnection, EmbeddedAirflow, Emulator, SlowAnswer, StatusAnswer
from mwaa_async.emulator.airflow.metadata import Connection
from tests.cli.program import INTERRUPTED, CommandLine, only_line, told, until

pytestmark = pytest.mark.anyio

CANARY = "s3cr3t-c4n4ry"
VALUES: dict[str, Any] = {
    "text": "as it is",
    "json": '{"a":  1}',
    "number": "1e5",
    "null": "null",
    "empty": "",
    "lines": "two\nlines\n",
    "unicode": '名 🎉 it\'s "quoted"',
    "blanks": "  x  ",
    "dash": "-v",
}
FINISHED = 5


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(["prod"]) as emulator:
        yield emulator


@pytest.fixture
def led(mwaa_async: CommandLine, emulator: Emulator) -> CommandLine:
    return mwaa_async.led_to(emulator)


def stored(emulator: Emulator) -> Any:
    airflow = emulator.airflow("prod")
    assert isinstance(airflow, EmbeddedAirflow)
    return airflow._metadata


def changes(emulator: Emulator) -> list[str]:
    """Return the commands that change something, with their first argument."""
    lines = [shlex.split(record.command) for record in emulator.commands]
    return [" ".join(words[:3]) for words in lines if words[1] not in ("list", "get") and words != ["version"]]


def write_json(name: str, document: object) -> None:
    Path(name).write_text(json.dumps(document))


# Variables


@pytest.mark.parametrize("version", ["1.10.12", "3.3.2"])
async def test_what_was_exported_is_imported_as_exactly_the_same_values(mwaa_async: CommandLine, version: str) -> None:
    values = {key: value for key, value in VALUES.items() if version >= "2" or not value.startswith("-")}
    async with Emulator(["prod"], airflow=version) as emulator:
        led = mwaa_async.led_to(emulator)
        stored(emulator).variables.update(values)
        exported = await led("variables", "export", "all.json", "--environment", "prod")
        assert (exported.returncode, exported.stdout) == (0, b"")
        stored(emulator).variables.clear()
        assert (await led("variables", "import", "all.json", "--environment", "prod")).returncode == 0
        assert dict(stored(emulator).variables) == values
    assert json.loads(Path("all.json").read_text()) == values
    assert stat.S_IMODE(Path("all.json").stat().st_mode) == 0o600
    assert [path.name for path in Path().iterdir()] == ["all.json"]


async def test_an_export_goes_to_standard_output_and_from_there_into_an_import(
    led: CommandLine, emulator: Emulator
) -> None:
    stored(emulator).variables.update(b="2", a="1")
    exported = await led("variables", "export", "--environment", "prod")
    assert exported.stdout == b'{\n    "a": "1",\n    "b": "2"\n}\n'
    assert told(exported.stderr)[-1] == "2 rows: 2 done"
    imported = await led("variables", "import", "-", "--environment", "prod", stdin=exported.stdout)
    assert (imported.returncode, told(imported.stderr)[-1]) == (0, "2 rows: 2 done")


async def test_an_export_tells_what_has_vanished_and_what_may_be_hidden(led: CommandLine, emulator: Emulator) -> None:
    stored(emulator).variables.update(first="1", gone="2", hidden="***")
    emulator.faults.commands.extend([None, SlowAnswer(2.0)])  # the list, the first get
    begun = len(emulator.commands)
    async with led.started("variables", "export", "out.json", "--environment", "prod") as program:
        await until(lambda: any("variables get" in record.command for record in emulator.commands[begun:]))
        stored(emulator).variables.pop("gone", None)
        lines = await program.error_lines()
        assert await program.ended() == 0
    said = "".join(lines)
    assert "prod: the variable 'gone' is gone, and so is not in the export" in said
    assert "what was printed of hidden is '***': it may be hidden by Airflow" in said
    assert json.loads(Path("out.json").read_text()) == {"first": "1", "hidden": "***"}


async def test_a_value_that_cannot_be_told_from_the_log_is_not_exported(led: CommandLine, emulator: Emulator) -> None:
    stored(emulator).variables.update(one=f"[2020-01-01T00:00:00.000+0000] {{x.py:1}} INFO - {CANARY}\n")
    done = await led("variables", "export", "out.json", "--environment", "prod")
    assert (done.returncode, CANARY.encode() in done.stdout + done.stderr, Path("out.json").exists()) == (
        1,
        False,
        False,
    )
    assert "row 1, failed: prod: what 'variables get one' printed cannot be told from the log" in done.stderr.decode()
    assert len([record for record in emulator.commands if "variables get" in record.command]) == 1


async def test_an_export_that_is_not_complete_is_not_written(led: CommandLine, emulator: Emulator) -> None:
    Path("out.json").write_text("before")
    stored(emulator).variables.update(one="1")
    emulator.faults.commands.extend([*[None] * 1, *[StatusAnswer(403)] * 20])
    failed = await led("variables", "export", "out.json", "--environment", "prod", "--settle-time", "0.05")
    assert failed.returncode in (1, 3)
    assert (Path("out.json").read_text(), len(emulator.commands) <= 3) == ("before", True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": "1",\n "b" 2}', "line 2, column 6: no JSON: Expecting ':' delimiter"),
        (b'{"a": "1", "b": "2", "a": "3"}', "key 'a' is there twice"),
        (b'{"a": {"x": 1, "x": 2}}', "key 'a': an object in its value has a key twice"),
        (b'{"": "1"}', "key '': it is empty"),
        (b'{"a": "--"}', "key 'a': Airflow's command line loses a value that is exactly '--'"),
        (b'{"a": "x\\u0000y"}', "key 'a': the command has a NUL character"),
        (b'{"a": "\\ud800"}', "key 'a': the command cannot be sent as UTF-8"),
        (b'{"a": "' + b"x" * 131_072 + b'"}', "key 'a': it is too long"),
        (b'{"' + b"k" * 251 + b'": "1"}', "Airflow takes keys of at most 250 characters"),
        (b'{"a": NaN}', "no JSON: it has no NaN"),
        (b"[]", "it must be a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 900 + b"1e9" + b"]" * 900 + b"}", "key 'a': "),
        (b'{"a": [1e999]}', "key 'a': it has something in it that JSON lacks"),
    ],
)
def test_what_is_wrong_with_variables_is_told(content: bytes, said: str) -> None:
    _, [problem] = read_variables(content.decode(), (2, 10, 3))
    assert said in problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"": "1", "b": "--", "fine": "1"}', "vars.json, key '': it is empty"),
        (b'{"a": "\xff"}', "vars.json, line 1: it is no UTF-8; nothing was sent"),
        (b"{}", "there is nothing in vars.json"),
    ],
)
async def test_what_is_wrong_with_a_file_is_told_before_anything_is_sent(
    led: CommandLine, emulator: Emulator, content: bytes, said: str
) -> None:
    Path("vars.json").write_bytes(content)
    done = await led("variables", "import", "vars.json", "--environment", "prod")
    assert (done.returncode, changes(emulator), told(done.stderr)[0]) == (2, [], said)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ((2, 10, 3), """variables set d '{\n  "value": "v",\n  "description": "why"\n}'"""),
        ((3, 0, 6), "variables set --description=why d v"),
        ((1, 10, 12), """variables -s d '{\n  "value": "v",\n  "description": "why"\n}'"""),
    ],
)
def test_a_description_is_one_where_that_airflows_own_import_takes_it_for_one(
    version: tuple[int, int, int], line: str
) -> None:
    [setting], problems = read_variables('{"d": {"value": "v", "description": "why"}}', version)
    assert (setting.line, problems) == (line, [])
    [empty], _ = read_variables('{"d": {"value": "", "description": "why"}}', version)
    assert "{" in empty.line  # as Airflow does it


# Connections


CONNECTIONS = {
    "by-uri": f"http://user:{CANARY}@host:80/x?a=1",
    "by-fields": {"conn_type": "postgres", "host": "h", "password": CANARY, "port": "5432", "extra": {"token": CANARY}},
    "described": {"conn_type": "http", "description": "why", "login": None, "extra_dejson": {"a": 1}},
}
AS_YAML = f"""
by-uri: http://user:{CANARY}@host:80/x?a=1
by-fields: {{conn_type: postgres, host: h, password: {CANARY}, port: 5432, extra: {{token: {CANARY}}}}}
described: {{conn_type: http, description: why, extra: '{{"a": 1}}'}}
"""


@pytest.mark.parametrize(("version", "name"), [("2.2.5", "all.json"), ("2.10.5", "all.yaml"), ("3.3.2", "all.json")])
async def test_connections_are_imported_and_those_that_exist_are_left_alone_or_replaced(
    mwaa_async: CommandLine, version: str, name: str
) -> None:
    Path(name).write_text(json.dumps(CONNECTIONS) if name == "all.json" else AS_YAML)
    async with Emulator(["prod"], airflow=version) as emulator:
        led = mwaa_async.led_to(emulator)
        stored(emulator).connections["by-uri"] = Connection("by-uri", "ftp", "old")
        done = await led("connections", "import", name, "--environment", "prod")
        assert (done.returncode, told(done.stderr)[-1]) == (0, "3 rows: 2 done, 1 done already")
        assert "prod: the connection 'by-uri' exists, and is left alone" in told(done.stderr)
        known = stored(emulator).connections
        assert known["by-uri"].conn_type == "ftp"
        assert (known["by-fields"].password, int(known["by-fields"].port)) == (CANARY, 5432)
        assert json.loads(known["by-fields"].extra) == {"token": CANARY}
        assert json.loads(known["described"].extra) == {"a": 1}
        done = await led("connections", "import", name, "--environment", "prod", "--overwrite")
        assert (done.returncode, told(done.stderr)[-1]) == (0, "3 rows: 3 done")
        assert (known["by-uri"].conn_type, known["by-uri"].password) == ("http", CANARY)


async def test_yaml_without_pyyaml_says_what_to_install(led: CommandLine, emulator: Emulator) -> None:
    Path("all.yaml").write_text(AS_YAML)
    Path("yaml.py").write_text("raise ImportError")  # which the program finds first
    done = await led("connections", "import", "all.yaml", "--environment", "prod")
    assert (done.returncode, changes(emulator)) == (2, [])
    assert "pip install 'mwaa-async[emulator]'" in only_line(done.stderr)


async def test_a_file_of_lines_is_read_as_airflow_does(led: CommandLine, emulator: Emulator) -> None:
    Path("all.env").write_text("# comment\n\none=http://host/?a=b=c\ntwo=ftp://other\n")
    assert (await led("connections", "import", "all.env", "--environment", "prod")).returncode == 0
    assert set(stored(emulator).connections) == {"one", "two"}
    Path("all.env").write_text("one=http://host\ntwo\n")
    done = await led("connections", "import", "all.env", "--environment", "prod")
    assert (done.returncode, told(done.stderr)[0]) == (2, "all.env, line 2: it must be ID=URI")


@pytest.mark.parametrize(
    "faults", [[None, CutConnection(ran=True)], [CutConnection(ran=True)], [None, StatusAnswer(504)]]
)
async def test_a_connection_is_replaced_whatever_is_lost_on_the_way(
    led: CommandLine, emulator: Emulator, faults: list[Any]
) -> None:
    stored(emulator).connections["one"] = Connection("one", "ftp", "old")
    write_json("all.json", {"one": "http://new"})
    emulator.faults.commands.extend(faults)
    done = await led(
        "connections", "import", "all.json", "--environment", "prod", "--overwrite", "--settle-time", "0.05"
    )
    assert (done.returncode, told(done.stderr)[-1]) == (0, "1 row: 1 done")
    assert stored(emulator).connections["one"].conn_type == "http"


async def test_killed_between_deleting_and_adding_the_same_command_adds(led: CommandLine, emulator: Emulator) -> None:
    stored(emulator).connections["one"] = Connection("one", "ftp", "old")
    write_json("all.json", {"one": "http://new"})
    words = ("connections", "import", "all.json", "--environment", "prod", "--overwrite", "--settle-time", "0.05")
    emulator.faults.commands.append(SlowAnswer(60))
    async with led.started(*words, "--journal", "journal") as program:
        await until(lambda: not stored(emulator).connections)
        program.send(signal.SIGKILL)
        await program.ended()
    done = await led(*words, "--journal", "journal")
    assert done.returncode == 0
    assert stored(emulator).connections["one"].conn_type == "http"


async def test_interrupted_between_deleting_and_adding_it_adds_and_ends(led: CommandLine, emulator: Emulator) -> None:
    write_json("all.json", dict.fromkeys(("one", "two", "three"), "http://new"))
    known = stored(emulator).connections
    known.update({name: Connection(name, "ftp", "old") for name in ("one", "two", "three")})
    emulator.faults.commands.extend([None, SlowAnswer(1.0)])  # the second is deleted while the first is to be added
    async with led.started("connections", "import", "all.json", "--environment", "prod", "--overwrite") as program:
        await until(lambda: set(known) == {"three"})
        program.press_ctrl_c()
        lines = await program.error_lines()
        assert await program.ended() == INTERRUPTED
    assert "To go on: mwaa-async connections import all.json" in lines[-1]
    assert {name: one.conn_type for name, one in known.items()} == {"one": "http", "two": "http", "three": "ftp"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no-uri", "its URI is none"),
        (f"http://u:{CANARY}a/b@h", "its URI is none: are special characters of the password percent-encoded?"),
        (f"http://u:9{CANARY}#@h", "its URI is none: are special characters of the password percent-encoded?"),
        ({"conn_type": "http", "extra": {"a": float("inf")}}, "no JSON"),
        ({"host": "h"}, "it has no conn_type, and no uri"),
        ({"conn_type": "http", "hots": "h"}, "it has no field 'hots'"),
        ({"conn_type": "http", "port": "x"}, "its port must be a whole number"),
        ({"conn_type": "http", "uri": "http://x"}, "it has a uri, and other fields beside it"),
        ({"conn_type": "http", "conn_id": "other"}, "its field conn_id says another id"),
        ({"conn_type": "http", "extra": "{}", "extra_dejson": {}}, "it has extra and extra_dejson"),
        ({"conn_type": "http", "extra": "no json"}, "Airflow 3 takes only a JSON object for its extra"),
        ({"conn_type": "http", "password": 7}, "its field password must be text"),
        (7, "it must be a URI or an object with its fields"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told_without_its_values(value: object, said: str) -> None:
    found, [problem] = read_connections(json.dumps({"one": value}), ".json", (3, 0, 6))
    assert (found, problem.removeprefix("connection 'one': ").startswith(said)) == ([], True)
    assert CANARY not in problem


@pytest.mark.parametrize(
    ("suffix", "text", "said"),
    [
        (".yaml", f"one:\n  password: *{CANARY}", "line 2, column 13: no YAML"),
        (".yaml", f"one:\n  password: !{CANARY}", "line 2, column 13: no YAML"),
        (".yaml", f"one:\n  conn_type: x\n  password: a\n  password: {CANARY}", "an object in it has a key twice"),
        (".yaml", "one: &a [*a]", "connection 'one': its value is nested too deeply"),
        (
            ".yaml",
            "one: {conn_type: x, extra: {day: 2026-01-01}}",
            "connection 'one': it has something in it that JSON",
        ),
        (".yaml", "one: {conn_type: x, extra: {n: .inf}}", "connection 'one': it has something in it that JSON"),
        (".yaml", "one: {conn_type: x, extra: !!set {a}}", "connection 'one': it has something in it that JSON"),
        (".env", f"a=http://x\npostgres://user:{CANARY}@h/db?sslmode=require", "line 2: it must be ID=URI"),
    ],
)
def test_what_is_wrong_with_a_file_of_connections_is_told_without_its_values(suffix: str, text: str, said: str) -> None:
    pytest.importorskip("yaml")
    _, problems = read_connections(text, suffix, (2, 10, 3))
    assert [problem.startswith(said) for problem in problems] == [True], problems
    assert CANARY not in problems[0]


async def test_who_replaces_a_connection_that_cannot_be_added_is_told_that_the_old_one_is_gone(
    mwaa_async: CommandLine,
) -> None:
    async with Emulator(["prod"], refused_commands=["connections add"]) as emulator:
        stored(emulator).connections["one"] = Connection("one", "ftp", "old")
        write_json("all.json", {"one": "http://new"})
        led = mwaa_async.led_to(emulator)
        done = await led("connections", "import", "all.json", "--environment", "prod", "--overwrite")
        assert not stored(emulator).connections
    assert done.returncode == 1  # something has run
    assert "the connection of this id that was there, if there was one, is deleted" in " ".join(told(done.stderr))


def test_an_id_is_one_that_the_version_takes() -> None:
    assert len(read_connections('{"a b": "http://x"}', ".json", (2, 5, 3))[0]) == 1
    assert "an id has letters" in read_connections('{"a b": "http://x"}', ".json", (2, 10, 3))[1][0]
    assert "'..'" in read_connections('{"a..b": "http://x"}', ".json", (3, 0, 6))[1][0]
    assert "is there twice" in read_connections("a: http://x\na: http://y\n", ".yml", (3, 0, 6))[1][0]
    assert "line 1, column" in read_connections("a: [", ".yaml", (3, 0, 6))[1][0].replace("line 2", "line 1")
    assert ".json, .yaml, .yml or .env" in read_connections("", ".csv", (3, 0, 6))[1][0]


async def test_an_airflow_without_commands_for_connections_says_what_to_do(mwaa_async: CommandLine) -> None:
    write_json("all.json", {"one": "http://new"})
    async with Emulator(["prod"], airflow="1.10.12") as emulator:
        done = await mwaa_async.led_to(emulator)("connections", "import", "all.json", "--environment", "prod")
    assert (done.returncode, "no commands for connections on Airflow 1.10" in only_line(done.stderr)) == (3, True)


# DAGs


DAGS = ["sales_a:paused", "sales_b:paused", "ops:paused", "monitoring_x:paused"]


def paused(emulator: Emulator) -> set[str]:
    return {dag.dag_id for dag in stored(emulator).dags.values() if dag.is_paused}


@pytest.mark.parametrize("version", ["1.10.12", "2.10.5", "3.3.2"])
async def test_dags_that_match_are_paused_and_those_that_are_already_are_not_sent(
    mwaa_async: CommandLine, version: str
) -> None:
    async with Emulator(["prod"], EmbeddedAirflow(version, dags=DAGS)) as emulator:
        led = mwaa_async.led_to(emulator)
        done = await led("dags", "unpause", "--all", "--except", "monitoring_*", "--environment", "prod")
        assert (done.returncode, paused(emulator)) == (0, {"monitoring_x"})
        begun = len(emulator.commands)
        done = await led("dags", "pause", "sales_?", "monitoring_x", "--environment", "prod")
        assert (done.returncode, paused(emulator)) == (0, {"sales_a", "sales_b", "monitoring_x"})
        sent = [record for record in emulator.commands[begun:] if "list" not in record.command]
        known = version >= "2"  # whether a DAG is paused
        assert len(sent) == (2 if known else 3)
        assert told(done.stderr)[-1] == ("3 rows: 2 done, 1 done already" if known else "3 rows: 3 done")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["etl", "nosuch*"], "none of the 3 DAGs matches 'nosuch*'; nothing was changed"),
        (["etl", "--except", "e*"], "--except leaves no DAG; nothing was changed"),
        (["etl", "--all"], "give patterns of DAG ids, or --all, but not both"),
        (["etl", "--resume"], "--resume and --new-batch say what to do with a journal: give --journal, too"),
    ],
)
async def test_a_selection_that_is_wrong_changes_nothing(
    led: CommandLine, emulator: Emulator, words: list[str], said: str
) -> None:
    done = await led("dags", "unpause", *words, "--environment", "prod")
    assert (done.returncode, changes(emulator)) == (2, [])
    assert said in only_line(done.stderr)


# What all of them have in common


async def test_a_key_makes_no_lines_and_moves_no_cursor_where_it_is_shown(led: CommandLine) -> None:
    write_json("vars.json", {"n\nmwaa-async: 9 rows: 9 done": "1", "\x1b[2J\u202e": "1"})
    done = await led("variables", "import", "vars.json", "--environment", "prod", "--dry-run")
    lines = [r"variables set 'n\nmwaa-async: 9 rows: 9 done' ***", r"variables set '\x1b[2J\u202e' ***"]
    assert done.stdout.decode().splitlines() == lines


async def test_an_export_goes_into_a_pipe_that_is_there(led: CommandLine, emulator: Emulator) -> None:
    stored(emulator).variables["one"] = "1"
    os.mkfifo("pipe")
    reading = asyncio.create_task(asyncio.to_thread(Path("pipe").read_text))
    done = await led("variables", "export", "pipe", "--environment", "prod")
    assert (done.returncode, json.loads(await reading)) == (0, {"one": "1"})
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


async def test_a_dry_run_prints_what_is_to_be_done_and_changes_nothing(led: CommandLine, emulator: Emulator) -> None:
    write_json("vars.json", {"one": CANARY, "two": [CANARY]})
    done = await led("variables", "import", "vars.json", "--environment", "prod", "--dry-run", "--journal", "journal")
    assert (done.returncode, done.stdout.decode()) == (0, "variables set one ***\nvariables set two ***\n")
    assert told(done.stderr) == ["2 rows, 2 to be sent; nothing was changed"]
    done = await led("dags", "pause", "--all", "--environment", "prod", "--dry-run")
    assert told(done.stderr) == ["3 rows, 1 done already, 2 to be sent; nothing was changed"]
    assert (changes(emulator), [path.name for path in Path().iterdir()]) == ([], ["vars.json"])


async def test_with_a_journal_it_goes_on_and_a_finished_one_says_so(led: CommandLine, emulator: Emulator) -> None:
    write_json("vars.json", {"one": "1", "two": "2"})
    words = ("variables", "import", "vars.json", "--environment", "prod", "--journal", "journal")
    emulator.faults.commands.extend([None, StatusAnswer(403), StatusAnswer(403)])
    assert (await led(*words)).returncode == 1
    done = await led(*words)
    assert done.returncode == 0
    assert re.search("goes on: 1 of 2 rows are finished", done.stderr.decode())
    assert sorted(changes(emulator)) == ["variables set one", "variables set two"]
    again = await led(*words)
    assert (again.returncode, "To send the rows once more: --new-batch. --resume" in only_line(again.stderr)) == (
        FINISHED,
        True,
    )
    assert (await led(*words, "--new-batch")).returncode == 0
    assert len(list(Path().glob("*.journal"))) == 1


async def test_a_value_that_has_changed_is_noticed_and_the_journal_shows_none(
    led: CommandLine, emulator: Emulator
) -> None:
    write_json("vars.json", {"one": "1", "two": "2"})
    words = ("variables", "import", "vars.json", "--environment", "prod", "--journal", "journal")
    assert (await led(*words)).returncode == 0
    write_json("vars.json", {"one": "1", "two": "another"})
    changed = await led(*words)
    assert (changed.returncode, "in row 2: a value" in only_line(changed.stderr)) == (3, True)
    assert "another'" not in changed.stderr.decode()
    shown = await led("journal", "journal", "--json")
    assert [row["command"] for row in json.loads(shown.stdout)["rows"]] == [
        "variables set one ***",
        "variables set two ***",
    ]
    assert {"dag_id", "run_id"}.isdisjoint(json.loads(shown.stdout)["rows"][0])


async def test_the_report_has_a_line_for_each_and_overwrites_no_file_of_the_batch(
    led: CommandLine, emulator: Emulator
) -> None:
    write_json("vars.json", {"one": CANARY})
    words = ("variables", "import", "vars.json", "--environment", "prod")
    refused = await led(*words, "--report", "vars.json")
    assert (refused.returncode, changes(emulator)) == (2, [])
    assert (await led(*words, "--report", "report.csv")).returncode == 0
    with Path("report.csv").open() as report:
        assert list(csv.reader(report)) == [
            ["row", "environment", "command", "status", "attempts", "error"],
            ["1", "prod", "variables set one ***", "done", "1", ""],
        ]


async def test_ctrl_c_finishes_what_is_on_the_wire_and_says_how_to_go_on(led: CommandLine, emulator: Emulator) -> None:
    write_json("vars.json", {f"key-{number}": "1" for number in range(50)})
    emulator.faults.commands.extend([None, SlowAnswer(1.0)])
    async with led.started("variables", "import", "vars.json", "--environment", "prod") as program:
        await until(lambda: len(changes(emulator)) >= 2)
        program.press_ctrl_c()
        lines = await program.error_lines()
        assert await program.ended() == INTERRUPTED
    assert "interrupted; no command is running any more. To go on: mwaa-async variables import vars" in lines[-1]
    assert len(stored(emulator).variables) < 50


async def test_no_value_is_shown_or_kept_anywhere(led: CommandLine, emulator: Emulator, tmp_path: Path) -> None:
    write_json("vars.json", {"one": CANARY, "two": {"x": CANARY}})
    write_json("all.json", CONNECTIONS)
    shown = b""
    for kind, name in (("variables", "vars.json"), ("connections", "all.json")):
        for faults in ([], [CutConnection(ran=True)] * 3, [StatusAnswer(504)] * 40):
            emulator.faults.commands.clear()
            emulator.faults.commands.extend(faults)
            files = ("--journal", f"{kind}-{len(faults)}", "--report", f"{kind}-{len(faults)}.csv")
            done = await led("-v", kind, "import", name, "--environment", "prod", "--settle-time", "0.02", *files)
            shown += done.stdout + done.stderr
            shown += (await led("journal", f"{kind}-{len(faults)}")).stdout
    assert CANARY.encode() not in shown
    given = {"vars.json", "all.json"}
    kept = [path for path in Path().iterdir() if path.name not in given and CANARY.encode() in path.read_bytes()]
    assert kept == []
