"""Guards of many hosts: a lease with a queue, kept by an engine that all of them reach."""
