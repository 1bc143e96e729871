"""What Lambda's runtime does: load the function once, call it for each event (a line of stdin), write each answer.

An error is written as Lambda does it, with its type, and the next event is waited for.
"""

import importlib
import json
import sys
from typing import Any

from mwaa_async import MwaaError


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def answer(handler: Any, event: dict[str, Any]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = handler(event, Context())
    except MwaaError as error:
        return {"errorType": type(error).__name__, "errorMessage": str(error)}
    return found


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    handler = importlib.import_module("lambda_handler").handler
    print("loaded", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(handler, json.loads(line))), flush=True)
