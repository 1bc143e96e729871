"""Triggering many DAG runs so that each row runs exactly once, whatever happens in between.

`rows.py` has requests and outcomes, and `journal.py` remembers them on disk (`locked_file.py`: for one process at a
time; `writer.py`: without holding up the event loop). `batch.py` reads rows (`sources.py`) and reports outcomes.
`sender.py` sends the rows of one environment (`ready_rows.py`: marked as sent in time; `row_runner.py`: with handles
that can be cancelled; `refusals.py`: what an error means for a row). `files.py` reads rows from CSV and JSON Lines, and
`copies.py` keeps them as they were checked.
"""
