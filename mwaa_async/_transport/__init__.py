"""The way to a web server: which connection, over which proxy, trusting whom, and what a failure to connect means."""
