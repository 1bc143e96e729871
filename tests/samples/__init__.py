"""What real Airflows printed (`airflow`), and what the typed methods make of it (`expected`)."""
