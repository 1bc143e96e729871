"""Airflow's commands as methods: what they are called in each version, and what their output says.

One module for each group of Airflow's command line; `call.py` is how all of them run, `rows.py` how they read.
"""
