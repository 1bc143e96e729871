"""Which commands only read, so that running one of them twice changes nothing."""

from mwaa_async._protocol.command_line import split_words

# https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-cli-command-reference.html, as far as they only read
_READING = frozenset(
    {
        *("cheat-sheet", "version"),
        *(f"assets {word}" for word in ("details", "list")),
        *(f"dags {word}" for word in ("list", "list-import-errors", "list-jobs", "list-runs", "next-execution")),
        *(f"dags {word}" for word in ("report", "show", "state")),
        *(f"providers {word}" for word in ("behaviours", "get", "hooks", "links", "list", "notifications")),
        *(f"providers {word}" for word in ("secrets", "triggerer", "triggers", "widgets")),
        "roles list",
        *(f"tasks {word}" for word in ("failed-deps", "list", "render", "state", "states-for-dag-run")),
        *(f"variables {word}" for word in ("get", "list")),
        # Airflow 1.10
        *("dag_state", "list_dag_runs", "list_dags", "list_tasks", "next_execution", "render", "show_dag"),
        *("task_failed_deps", "task_state", "variables -g", "variables --get"),
    }
)


def only_reads(line: str) -> bool:
    """Tell whether the command changes nothing in Airflow."""
    words = split_words(line)
    return words[0] in _READING or " ".join(words[:2]) in _READING
