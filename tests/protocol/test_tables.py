"""Reading the tables of Airflow 1.10."""

from mwaa_async._protocol.tables import read_table

from . import record

HEADING = "id  | run_id               | state      | execution_date       | state_date           |\n"


def test_the_recorded_runs_are_read_although_their_cells_are_wider_than_the_columns() -> None:
    assert read_table(record("1.10.12", "list_dag_runs demo").stdout) == [
        {
            "id": "3",
            "run_id": "manual__2026-11-22T10:33:17+00:00",
            "state": "running",
            "execution_date": "2026-11-22T10:33:17+00:00",
            "state_date": "2026-11-22T10:33:17.085715+00:00",
        },
        {
            "id": "1",
            "run_id": "run1",
            "state": "running",
            "execution_date": "2026-11-22T10:33:13+00:00",
            "state_date": "2026-11-22T10:33:13.653190+00:00",
        },
        {
            "id": "2",
            "run_id": "manual__2024-05-01T00:00:00+00:00",
            "state": "running",
            "execution_date": "2024-05-01T00:00:00+00:00",
            "state_date": "2026-11-22T10:33:15.371720+00:00",
        },
    ]


def test_a_table_with_nothing_but_its_heading_has_no_rows() -> None:
    assert read_table(record("1.10.12", "list_dag_runs report").stdout) == []


def test_text_without_a_table_has_no_rows() -> None:
    assert read_table("") == []
    assert read_table(record("1.10.12", "list_tasks etl").stdout) == []


def test_an_empty_cell_is_read_as_empty_wherever_it_stands() -> None:
    # A run that has not started, as `"%-3s | %-20s | %-10s | %-20s | %-20s |"` prints it.
    row = f"{'4':3} | {'run4':20} | {'':10} | {'2026-11-22T10:33:17+00:00':20} | {'':20} |\n"
    [read] = read_table(HEADING + row)
    assert read == {
        "id": "4",
        "run_id": "run4",
        "state": "",
        "execution_date": "2026-11-22T10:33:17+00:00",
        "state_date": "",
    }


def test_a_cell_may_hold_spaces_and_a_bar_without_a_space_before_it() -> None:
    [read] = read_table("id  | run_id               |\n5   | has space a|b        |\n")
    assert read == {"id": "5", "run_id": "has space a|b"}


def test_a_line_with_more_or_fewer_cells_is_no_row() -> None:
    assert read_table(HEADING + "4   | run4 |\n" + "4 | run4 | running | a | b | c |\n") == []
