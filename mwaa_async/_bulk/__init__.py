"""Triggering many DAG runs so that each row runs exactly once, whatever happens in between.

`rows.py` says what is asked for and what became of it, `journal.py` remembers it on disk (`writer.py`: without holding
up the event loop), `batch.py` does it (`line.py`: who is next in an environment), and `files.py` reads rows from CSV
and JSON Lines.
"""
