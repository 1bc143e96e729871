"""Triggering many DAG runs so that each row runs exactly once, and running many idempotent commands the same way.

`rows.py` has requests and outcomes, and `work.py` what a batch has to know of its rows, whatever they do: trigger a DAG
run (`dag_runs.py`) or do something idempotent (`actions.py`). `journal.py` remembers them on disk (`layouts.py`: what
of each kind; `locked_file.py`: for one process at a time; `writer.py`: without holding up the event loop). `batch.py`
reads rows (`sources.py`) and reports outcomes. `sender.py` sends the rows of one environment (`ready_rows.py`: marked
as sent in time; `row_runner.py`: with handles that can be cancelled; `refusals.py`: what an error means for a row).

`files.py` reads rows from CSV and JSON Lines, and `copies.py` keeps them as they were checked. `variable_file.py` and
`connection_file.py` read what Airflow imports (`settings_files.py`: what they have in common).
"""
