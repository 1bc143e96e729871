"""Triggering many DAG runs so that each row runs exactly once, whatever happens in between.

`rows.py` says what is asked for and what became of it, `journal.py` remembers it on disk, `batch.py` does it, and
`files.py` reads rows from CSV and JSON Lines.
"""
