"""What can keep commands from an environment, looked at one by one; behind `mwaa-async doctor`."""
