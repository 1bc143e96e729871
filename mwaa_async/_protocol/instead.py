"""What to do instead, where somebody types what MWAA offers no command for."""

import re

from mwaa_async._protocol.catalogue import comes_with, command_words, meant, misspelled, offered_of, successor
from mwaa_async._protocol.command_line import pasted_json
from mwaa_async._protocol.versions import Version

_REST = "Airflow's REST API ('aws mwaa invoke-rest-api', Airflow 2.4.3 and later)"
_LOGS = "their logs are in CloudWatch Logs, in the groups airflow-ENVIRONMENT-…"
_RUNS_ITSELF = f"MWAA runs Airflow's processes itself; {_LOGS}"
_DATABASE = "MWAA keeps the metadata database itself; what it offers is 'db clean' (Airflow 2.4 and later)"
_USERS = "users come with the IAM role with which they sign in, and an IAM policy gives them their Airflow role"
_POOLS = f"pools are kept in Airflow's user interface (Admin, Pools), or with /pools of {_REST}"
_SETTINGS = "the environment's settings are in 'aws mwaa get-environment', and 'aws mwaa update-environment' sets them"
_PROVIDERS = "'providers get PROVIDER --full' tells all of a provider"
_SECRETS = "a secrets backend such as AWS Secrets Manager"

_PROCESSES = (
    "api-server",
    "celery",
    "dag-processor",
    "flower",
    "kerberos",
    "kubernetes",
    "scheduler",
    "serve_logs",
    "standalone",
    "triggerer",
    "webserver",
    "worker",
)

# https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-cli-command-reference.html says what is not offered. By the
# command or, for the others of a group, by the group: each group of Airflow 2 and 3 and the words of 1.10.
_WAYS_AROUND = {
    "connections": f"'connections add' and 'connections delete' are all, from Airflow 2 on; see also {_REST}",
    "connections get": f"a DAG can read it (BaseHook.get_connection), and so can /connections of {_REST}, but for its "
    "password",
    "connections list": f"/connections of {_REST} lists them, and so does Airflow's user interface",
    "connections export": f"/connections of {_REST} tells them, but for their passwords; what more than one program "
    f"needs is better kept in {_SECRETS}",
    "connections import": f"'mwaa-async connections import FILE' adds each, or {_SECRETS}",
    "connections test": "a DAG that uses it is the test",
    "variables import": f"'mwaa-async variables import FILE' sets each (environment.variables.set one), or {_SECRETS}",
    "variables export": "'mwaa-async variables export FILE', which takes 'variables list' and 'variables get'",
    "pools": _POOLS,
    "pool": _POOLS,
    "users": _USERS,
    "create_user": _USERS,
    "list_users": _USERS,
    "delete_user": _USERS,
    "roles delete": "Airflow's user interface does it (Security, List Roles)",
    "backfill": f"/backfills of {_REST} lists, pauses and cancels them on Airflow 3, and so does the web interface; "
    "before Airflow 3 a backfill is no more than its DAG runs",
    "dags details": f"/dags/DAG_ID/details of {_REST} tells them, and 'dags list -o json' some of them",
    "dags show-dependencies": "Airflow's user interface shows them",
    "dags clear": "'tasks clear' clears the tasks of a DAG",
    "tasks run": "nothing runs a task by itself any more: 'dags trigger' runs its DAG, 'tasks clear' lets it run again "
    "in the run that it has, and 'tasks test' tries it",
    "tasks logs": "the logs are in CloudWatch Logs, in the group airflow-ENVIRONMENT-Task",
    "datasets": f"on Airflow 3 'assets list', and before /datasets of {_REST}",
    "db": _DATABASE,
    "db-manager": _DATABASE,
    "fab-db": _DATABASE,
    "initdb": _DATABASE,
    "upgradedb": _DATABASE,
    "resetdb": _DATABASE,
    "checkdb": _DATABASE,
    "shell": _DATABASE,
    "config": _SETTINGS,
    "info": _SETTINGS,
    "plugins": f"Airflow's user interface shows them (Admin, Plugins), and so does /plugins of {_REST}",
    "jobs": "the metric SchedulerHeartbeat in CloudWatch tells whether the scheduler is alive",
    "providers": _PROVIDERS,
    "rotate-fernet-key": "MWAA keeps the Fernet key itself",
    "rotate_fernet_key": "MWAA keeps the Fernet key itself",
    "sync-perm": "'roles add-perms' gives a role its permissions (Airflow 2.6 and later)",
    "sync_perm": "'roles add-perms' gives a role its permissions (Airflow 2.6 and later)",
    **dict.fromkeys(_PROCESSES, _RUNS_ITSELF),
}
# How a successor is called whose arguments are others, or whose short option says little.
_CALLS = {
    "backfill create": "backfill create --dag-id DAG_ID --from-date DATE --to-date DATE",
    "dags backfill": "dags backfill DAG_ID -s DATE -e DATE",
    "backfill": "backfill DAG_ID -s DATE -e DATE",
    "variables -g": "variables --get KEY",
    "variables -s": "variables --set KEY VALUE",
    "variables -x": "variables --delete KEY",
    "pool -g": "pool --get NAME",
    "pool -s": "pool --set NAME SLOTS DESCRIPTION",
    "pool -x": "pool --delete NAME",
}
_BY_OPTIONS = {
    group: f"there it is {words!r} with --get, --set or --delete, and without them it lists all"
    for group, words in (("pool", "pool"), ("pools", "pool"), ("variables", "variables"))
}

_REST_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
# What stands before `airflow` where a whole line of a terminal was pasted.
_PROMPTS = frozenset({"$", "%", "#", ">"})
_PROGRAMS = frozenset({"airflow", "docker", "docker-compose", "kubectl", "python", "python3", "sudo"})

NO_SHELL = (
    "no shell reads the line: pipes, redirections and a second command are not possible in it, and where ; | & < or > "
    "belong to an argument, it goes into quotes"
)
_OPERATOR = re.compile(r"[;|&<>]")


def pasted(line: str) -> str | None:
    """Return what to say of a text that is no Airflow command at all: JSON, a REST path, another program's command."""
    if json := pasted_json(line):
        return json
    word = command_words(line).partition(" ")[0]
    if word in _REST_METHODS or word.startswith(("/", "http://", "https://")):
        return f"this is a request for a REST API, such as {_REST}; here goes an Airflow command, such as 'dags list'"
    if word == "aws":
        return "this is a command of the AWS CLI; the token is fetched for you, and only the Airflow command goes here"
    if word == "curl":
        return "this is a curl call; only the Airflow command goes here, which stands after --data-raw"
    if word in _PROMPTS | _PROGRAMS:
        return "only what stands after 'airflow' goes here, such as 'dags list'"
    return NO_SHELL if _has_operator(line) else None


def instead(line: str, version: Version | None) -> str:
    """Return what to do instead of a command that MWAA does not offer on this version."""
    asked, command = command_words(line), meant(line)
    group = asked.partition(" ")[0]
    if found := successor(line, version):
        return f"there it is {_CALLS.get(found, found)!r}"
    if version and (since := comes_with(line, version)):
        return f"it comes with Airflow {since[0]}.{since[1]}"
    if group in _BY_OPTIONS and version and version < (2, 0, 0):
        return _BY_OPTIONS[group]
    if way := _WAYS_AROUND.get(asked) or (command and _WAYS_AROUND.get(command.words)):
        return way
    if found := misspelled(line, version):
        return f"the nearest that it offers is {found!r}"
    if group in _WAYS_AROUND:
        return _WAYS_AROUND[group]
    if others := offered_of(group, version):
        return f"of {group!r} it offers {', '.join(others)}"
    return "AWS's page 'Apache Airflow CLI command reference' lists what it offers"


def _has_operator(line: str) -> bool:
    """Tell whether an operator of a shell, outside quotes, stands in the words that say what the command is."""
    start = " ".join(line.split(None, 2)[:2])
    return command_words(line) == start and _OPERATOR.search(start) is not None
