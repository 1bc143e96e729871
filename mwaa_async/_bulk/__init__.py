"""Triggering many DAG runs so that each row runs exactly once, whatever happens in between.

`rows.py` says what is asked for and what became of it, `journal.py` remembers it on disk (`writer.py`: without holding
up the event loop), `batch.py` does it (`sources.py`: where the rows come from; `line.py`: who is next in an
environment; `refusals.py`: what an error means for a row). `files.py` reads rows from CSV and JSON Lines, and
`copies.py` keeps them as they were checked.
"""
