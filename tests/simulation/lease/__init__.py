"""A deterministic simulation of many hosts: production's protocol and cluster guard, over an engine that is simulated.

A seed decides which messages are late or lost, who is killed or stopped, when the engine cannot be reached, and what it
forgets. `python -m tests.simulation.lease SEED` replays one run and prints what happened.
"""
