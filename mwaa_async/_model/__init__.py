"""Values that callers get in their hands."""
