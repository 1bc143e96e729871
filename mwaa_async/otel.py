"""Traces and metrics of a client, by OpenTelemetry (extra `otel`): `MwaaClient(on_event=OpenTelemetry())`.

A command is one span, named after its words ("dags trigger"), within the span in which it was asked for. Its children
are the wait for its turn ("queue"), a token that AWS was asked for ("MWAA/CreateCliToken") and each request ("POST").
Names follow https://opentelemetry.io/docs/specs/semconv/ where it has one, and begin with `mwaa.` otherwise:

* histograms, in seconds: `mwaa.command.duration` (from the turn to the end), `mwaa.command.queue.duration` (from the
  call to the turn, or to the end of a command whose turn never came, with `error.type`), and
  `http.client.request.duration` of requests to the web server
* counters: `mwaa.tokens`, `mwaa.retries`, `mwaa.slot.closures`, `mwaa.commands.abandoned`; and `mwaa.commands.queued`,
  how many wait just now
"""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from mwaa_async._version import __version__
from mwaa_async.events import (
    AbandonedCommandEnded,
    CommandEnded,
    CommandEvent,
    CommandQueued,
    CommandStarted,
    Event,
    RequestEnded,
    RequestRepeated,
    SlotClosed,
    TokenFailed,
    TokenFetched,
    TokenRefused,
)

try:
    from opentelemetry.metrics import Histogram, MeterProvider, get_meter
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider, get_tracer, set_span_in_context
except ImportError as error:
    raise ImportError("mwaa_async.otel needs the extra 'otel': pip install 'mwaa-async[otel]'") from error

Attributes = dict[str, str | int]

_SCOPE = "mwaa_async"
_MOST_ABANDONED = 1000
# Commands take seconds, and waiting for them minutes.
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800)


@dataclass(slots=True)
class _Open:
    """A command that has not ended: its span, and that of its wait, until its turn comes."""

    environment: str
    span: Span
    queue: Span | None


class OpenTelemetry:
    """Called with the events of any number of clients, it makes spans and metrics of them.

    Without providers it takes the global ones. A span that is no child of a command's belongs to a token that was
    fetched while no command waited.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = get_tracer(_SCOPE, __version__, tracer_provider)
        self._metrics = _Metrics(meter_provider)
        self._open: dict[int, _Open] = {}
        # An abandoned request ends after its command, and is a child of it all the same.
        self._abandoned: dict[int, Span] = {}

    def __call__(self, event: Event) -> None:
        """Take notice of an event."""
        self._metrics(event)
        match event:
            case CommandQueued():
                self._queued(event)
            case CommandStarted():
                self._turn_came(event)
            case RequestEnded():
                self._request(event)
            case TokenFetched() | TokenFailed():
                self._token(event)
            case RequestRepeated() | SlotClosed() | TokenRefused():
                self._happened(event)
            case CommandEnded():
                self._ended(event)
            case AbandonedCommandEnded():
                self._abandoned.pop(event.number, None)

    def _queued(self, event: CommandQueued) -> None:
        span = self._tracer.start_span(event.command, attributes=_of_command(event))
        queue = self._tracer.start_span("queue", set_span_in_context(span), attributes=_of_environment(event))
        self._open[event.number] = _Open(event.environment, span, queue)

    def _turn_came(self, event: CommandStarted) -> None:
        command = self._open[event.number]
        if command.queue is not None:
            command.queue.end()
            command.queue = None

    def _request(self, event: RequestEnded) -> None:
        attributes = {"url.full": event.url, **_of_request(event)}
        span = self._child("POST", self._span_of(event), event.took, attributes)
        if event.attempt > 1:
            span.set_attribute("http.request.resend_count", event.attempt - 1)
        if event.text is not None:
            span.set_status(Status(StatusCode.ERROR, event.text))
        elif event.http_status is not None and event.http_status >= 400:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def _token(self, event: TokenFetched | TokenFailed) -> None:
        attributes: Attributes = {"rpc.system": "aws-api", "rpc.service": "MWAA", "rpc.method": "CreateCliToken"}
        span = self._child("MWAA/CreateCliToken", self._first_of(event.environment), event.took, attributes)
        if isinstance(event, TokenFailed):
            span.set_attribute("error.type", event.error)
            span.set_status(Status(StatusCode.ERROR, event.text))
        span.end()

    def _happened(self, event: RequestRepeated | SlotClosed | TokenRefused) -> None:
        if (command := self._open.get(event.number)) is not None:  # otherwise its span has ended before
            command.span.add_event(type(event).__name__)

    def _ended(self, event: CommandEnded) -> None:
        command = self._open.pop(event.number)
        if command.queue is not None:
            command.queue.end()
        command.span.set_attribute("mwaa.command.attempts", event.attempts)
        command.span.set_attribute("mwaa.command.ran", {True: "yes", False: "no", None: "unknown"}[event.ran])
        if event.outcome != "done":
            command.span.set_attribute("error.type", event.outcome)
            command.span.set_status(Status(StatusCode.ERROR))
        command.span.end()
        if event.ran is None:
            self._keep(event.number, command.span)

    def _keep(self, number: int, span: Span) -> None:
        self._abandoned[number] = span
        if len(self._abandoned) > _MOST_ABANDONED:  # most of them had no request open, and so end no more
            del self._abandoned[next(iter(self._abandoned))]

    def _child(self, name: str, parent: Span | None, took: float, attributes: Attributes) -> Span:
        """Start a span of something that is over already."""
        return self._tracer.start_span(
            name,
            None if parent is None else set_span_in_context(parent),
            SpanKind.CLIENT,
            attributes,
            start_time=time.time_ns() - round(took * 1e9),
        )

    def _span_of(self, event: CommandEvent) -> Span | None:
        command = self._open.get(event.number)
        return self._abandoned.get(event.number) if command is None else command.span

    def _first_of(self, environment: str) -> Span | None:
        """Return the span of the command for which a token is fetched: the first that waits, or the one that runs."""
        ours = [command for command in self._open.values() if command.environment == environment]
        waiting = (command for command in ours if command.queue is not None)
        first = next(waiting, ours[0] if ours else None)
        return None if first is None else first.span


class _Metrics:
    """The histograms and counters."""

    def __init__(self, provider: MeterProvider | None) -> None:
        meter = get_meter(_SCOPE, __version__, provider)

        def seconds(name: str, description: str) -> Histogram:
            return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=_SECONDS)

        self._took = seconds("mwaa.command.duration", "From the turn of a command to its end.")
        self._queued_for = seconds("mwaa.command.queue.duration", "From the call to the turn of a command.")
        self._requests = seconds("http.client.request.duration", "Duration of HTTP client requests.")
        self._queued = meter.create_up_down_counter("mwaa.commands.queued", "{command}", "Commands that wait.")
        self._tokens = meter.create_counter("mwaa.tokens", "{token}", "CLI tokens that AWS was asked for.")
        self._retries = meter.create_counter("mwaa.retries", "{request}", "Requests that were sent again.")
        self._closures = meter.create_counter("mwaa.slot.closures", "{closure}", "Ends of commands that were not seen.")
        self._abandoned = meter.create_counter("mwaa.commands.abandoned", "{command}", "Commands nobody waited for.")
        self._waiting: set[int] = set()

    def __call__(self, event: Event) -> None:
        of_environment = _of_environment(event)
        match event:
            case CommandQueued():
                self._waiting.add(event.number)
                self._queued.add(1, of_environment)
            case CommandStarted():
                self._left_queue(event)
                self._queued_for.record(event.queued_for, of_environment)
            case RequestEnded():
                self._requests.record(event.took, _of_request(event))
            case CommandEnded():
                self._ended(event)
            case AbandonedCommandEnded():
                self._abandoned.add(1, of_environment)
            case TokenFetched():
                self._tokens.add(1, of_environment)
            case TokenFailed():
                self._tokens.add(1, {**of_environment, "error.type": event.error})
            case RequestRepeated():
                self._retries.add(1, of_environment)
            case SlotClosed():
                self._closures.add(1, of_environment)

    def _ended(self, event: CommandEnded) -> None:
        error = {} if event.outcome == "done" else {"error.type": event.outcome}
        if event.number in self._waiting:  # its turn has never come
            self._left_queue(event)
            self._queued_for.record(event.queued_for, {**_of_environment(event), **error})
        else:
            self._took.record(event.took, {**_of_command(event), **error})

    def _left_queue(self, event: CommandStarted | CommandEnded) -> None:
        self._waiting.remove(event.number)
        self._queued.add(-1, _of_environment(event))


def _of_environment(event: Event) -> Attributes:
    return {"mwaa.environment.name": event.environment}


def _of_command(event: CommandQueued | CommandEnded) -> Attributes:
    return {**_of_environment(event), "mwaa.command.name": event.command}


def _of_request(event: RequestEnded) -> Attributes:
    """Return what https://opentelemetry.io/docs/specs/semconv/http/ wants to know of a client's request."""
    address = urlsplit(event.url)
    found: Attributes = {
        "http.request.method": "POST",
        "server.address": address.hostname or "",
        "server.port": address.port or 443,
    }
    if event.http_status is not None:
        found["http.response.status_code"] = event.http_status
    if event.error is not None or (event.http_status or 0) >= 400:
        found["error.type"] = event.error or str(event.http_status)
    return found
