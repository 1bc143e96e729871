"""A deterministic simulation of the promise: production queues, tokens and guards on a virtual clock.

Only the two boundaries to the outside are simulated: AWS, which gives tokens, and the way to the web server. Everything
else is the code that users run. A seed decides who asks when for what, who gives up, what breaks and what is closed.
`python -m tests.simulation SEED` replays one run and prints what happened.
"""
