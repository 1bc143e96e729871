"""What real Airflows printed (`airflow`), and what the typed methods make of it (`expected`)."""

# The DAGs of the Airflows that were recorded: new ones, and so paused.
NEW_DAGS = ("demo:paused", "etl:paused", "report:paused")
