"""DynamoDB as moto (or dynalite) plays it, over HTTP, one request after the other: a conditional write is atomic.

A client that stands still with a connection open keeps nobody waiting.

A test may let it fail, before or after it has done what was asked, and counts what it was asked.
"""

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

TABLE = "guards"
StartResponse = Callable[..., Any]
_STATUSES = {400: "400 Bad Request", 500: "500 Internal Server Error"}


@dataclass(frozen=True)
class Fault:
    """What is answered in the place of the true answer; `is_done` tells whether the request is carried out anyway."""

    code: str = "InternalServerError"
    status: int = 500
    is_done: bool = False
    operation: str | None = None  # any, otherwise only this one


class Player(Protocol):
    """A WSGI application that answers as DynamoDB does."""

    sets_time_to_live: bool

    def forget(self) -> None:
        """Forget all tables."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]: ...


class Moto:
    """Moto's DynamoDB; what it keeps belongs to the process."""

    sets_time_to_live = True

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(create_backend_app)

    def forget(self) -> None:
        get_backend("dynamodb").reset()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object, **__: object) -> None:
        pass


@dataclass
class DynamoDBServer:
    """The server, in a thread of the test's process."""

    player: Player = field(default_factory=Moto)
    faults: deque[Fault] = field(default_factory=deque)
    asked: Counter[str] = field(default_factory=Counter)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        self.player.forget()
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Return what these tests' hosts read."""
        return f"dynamodb://{TABLE}"

    def environ(self) -> dict[str, str]:
        """Return the variables that lead an AWS SDK here."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
        }

    def _serve(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with self._one_at_a_time:
            return self._served(environ, start_response)

    def _served(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        self.asked[operation] += 1
        fault = self._fault(operation)
        if fault is None:
            return self.player(environ, start_response)
        if fault.is_done:
            b"".join(self.player(environ, lambda *_: None))
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{fault.code}", "message": "a test says so"})
        start_response(_STATUSES[fault.status], [("Content-Type", "application/x-amz-json-1.0")])
        return [body.encode()]

    def _fault(self, operation: str) -> Fault | None:
        if self.faults and self.faults[0].operation in (None, operation):
            return self.faults.popleft()
        return None
