"""What is known of the endpoint's protocol and of Airflow's output: pure functions over values, no I/O."""
