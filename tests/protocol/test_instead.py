"""What somebody is told who types what MWAA offers no command for."""

import time

import pytest

from mwaa_async._protocol.catalogue import catalogue
from mwaa_async._protocol.instead import instead, pasted
from mwaa_async._protocol.versions import Version

# https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-cli-command-reference.html: not offered on any version, or
# not on 2 and 3; each with what helps.
WAYS = [
    ("connections get c", "BaseHook.get_connection"),
    ("connections list -o json", "/connections of Airflow's REST API"),
    ("connections export -", "a secrets backend"),
    ("connections import file.json", "'mwaa-async connections import FILE' adds each"),
    ("connections test c", "a DAG that uses it"),
    ("connections update c", "'connections add' and 'connections delete' are all"),
    ("variables import file.json", "'mwaa-async variables import FILE' sets each"),
    ("variables export -", "'mwaa-async variables export FILE'"),
    ("pools list", "/pools of Airflow's REST API"),
    ("pools import pools.json", "/pools of Airflow's REST API"),
    ("pool -g p", "/pools of Airflow's REST API"),
    ("users create -u x", "IAM"),
    ("create_user -u x", "IAM"),
    ("roles delete r", "user interface"),
    ("roles export f", "of 'roles' it offers add-perms, create, del-perms, list"),
    ("dags details etl", "/dags/DAG_ID/details of Airflow's REST API"),
    ("dags show-dependencies", "user interface"),
    ("tasks logs etl", "CloudWatch Logs"),
    ("db check", "MWAA keeps the metadata database itself"),
    ("db migrate", "'db clean'"),
    ("upgradedb", "MWAA keeps the metadata database itself"),
    ("config get-value core parallelism", "aws mwaa get-environment"),
    ("scheduler", "CloudWatch Logs"),
    ("webserver -p 8080", "CloudWatch Logs"),
    ("rotate-fernet-key", "Fernet"),
    ("sync-perm", "'roles add-perms'"),
    ("providers auth", "'providers get PROVIDER --full'"),
    ("jobs check", "SchedulerHeartbeat"),
    ("info", "aws mwaa get-environment"),
    ("plugins", "/plugins"),
    ("backfill list", "/backfills of Airflow's REST API"),
    ("backfill pause 1", "the web interface"),
    ("backfill unpause 1", "/backfills of Airflow's REST API"),
    ("backfill cancel 1", "/backfills of Airflow's REST API"),
    ("backfil show 1", "Apache Airflow CLI command reference"),
    ("bogus", "Apache Airflow CLI command reference"),
]


@pytest.mark.parametrize("version", [(2, 10, 5), (3, 3, 1)])
@pytest.mark.parametrize(("line", "told"), WAYS)
def test_what_mwaa_has_no_command_for_has_a_way_around(line: str, told: str, version: Version) -> None:
    assert told in instead(line, version)


@pytest.mark.parametrize(("line", "told"), WAYS)
def test_a_way_around_names_no_command_that_is_not_there(line: str, told: str) -> None:
    quoted = instead(line, (3, 3, 1)).split("'")[1::2]
    first_words = {words.split()[0] for words in catalogue()}
    for words in quoted:
        if " " in words and words.split()[0] in first_words:
            assert " ".join(words.split()[:2]) in catalogue(), words


def test_pools_of_1_10_are_pool() -> None:
    assert "there it is 'pool' with --get, --set or --delete" in instead("pools list", (1, 10, 12))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("variables get x", "there it is 'variables --get KEY'"),
        ("variables list", "there it is 'variables'"),
        ("variables delete x", "there it is 'variables --delete KEY'"),
        ("variables set a b", "there it is 'variables --set KEY VALUE'"),
        ("variables export -", "there it is 'variables' with --get, --set or --delete"),
        ("pool get p", "there it is 'pool --get NAME'"),
        ("pool list", "there it is 'pool' with --get, --set or --delete"),
        ("backfill create --dag-id etl", "there it is 'backfill DAG_ID -s DATE -e DATE'"),
        ("dags backfill etl", "there it is 'backfill DAG_ID -s DATE -e DATE'"),
        ("backfill list", "Airflow 3"),
    ],
)
def test_what_2_and_3_do_by_subcommands_is_done_by_options_on_1_10(line: str, told: str) -> None:
    assert told in instead(line, (1, 10, 12))


@pytest.mark.parametrize("line", ["tasks run etl load r", "run etl load 2024-05-01"])
def test_a_task_is_not_run_by_itself_any_more(line: str) -> None:
    assert "'tasks test' tries it" in instead(line, (3, 0, 6))
    assert instead("run etl load 2024-05-01", (2, 10, 5)) == "there it is 'tasks run'"
    assert instead("tasks run etl load r", (1, 10, 12)) == "there it is 'run'"


SHELLS = ("dags list", "list_dags", "variables get")
GLUES = (
    "; version",
    ";version",
    ";",
    "&& version",
    "&&version",
    "|| version",
    "||version",
    "| jq .",
    "|jq .",
    "> x",
    ">x",
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"conf": {}}', "this is JSON, and the endpoint is no REST API"),
        ("'{}'", "this is JSON"),
        ('[{"dag_id": "etl"}]', "this is JSON"),
        ("POST /dags/etl/dagRuns", "a request for a REST API"),
        ("/dags/etl/dagRuns", "aws mwaa invoke-rest-api"),
        ("https://x.c2.eu-west-1.airflow.amazonaws.com/aws_mwaa/cli", "a request for a REST API"),
        ("aws mwaa create-cli-token --name prod", "the token is fetched for you"),
        ("curl -L https://h/aws_mwaa/cli --data-raw 'dags list'", "stands after --data-raw"),
        ("airflow dags list", "only what stands after 'airflow'"),
        ("$ airflow dags list", "only what stands after 'airflow'"),
        ("docker compose exec scheduler airflow dags list", "only what stands after 'airflow'"),
        ("> airflow dags list", "only what stands after 'airflow'"),
        *((f"{command}{glue}", "no shell reads the line") for command in SHELLS for glue in GLUES),
    ],
)
def test_what_is_no_airflow_command_is_named_as_what_it_is(text: str, told: str) -> None:
    said = pasted(text)
    assert said
    assert told in said


@pytest.mark.parametrize(
    "line", ["dags details airflow", "users create -u airflow", "bogus {}", "''", "users list | jq .", "bogus 'a;b'"]
)
def test_a_command_that_mwaa_does_not_offer_is_one_all_the_same(line: str) -> None:
    assert pasted(line) is None


def test_what_to_do_is_found_at_once_however_long_the_line_is() -> None:
    started = time.process_time()
    for line in ("dags\u00a0" * 200_000, "x " * 500_000, "{" * 1_000_000):
        assert instead(line, (2, 10, 5))
        pasted(line)
    assert time.process_time() - started < 1
