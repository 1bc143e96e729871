"""Traces and metrics, as the OpenTelemetry SDK exports them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from mwaa_async import (
    AccessDeniedError,
    CommandFailedError,
    Environment,
    LocalGuard,
    MwaaClient,
    OutcomeUnknownError,
    QueueTimeoutError,
)
from mwaa_async.emulator import CutConnection, Emulator, RefusedByAws, SlowAnswer, StatusAnswer
from mwaa_async.otel import OpenTelemetry

pytestmark = pytest.mark.anyio


@dataclass
class Exported:
    """What the SDK has exported."""

    provider: TracerProvider
    spans_exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    telemetry: OpenTelemetry

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans_exporter.get_finished_spans() if span.name == name]

    def points(self, name: str) -> list[HistogramDataPoint | NumberDataPoint]:
        data = self.reader.get_metrics_data()
        assert data is not None
        metrics = [metric for one in data.resource_metrics for of in one.scope_metrics for metric in of.metrics]
        points = [point for metric in metrics if metric.name == name for point in metric.data.data_points]
        return [point for point in points if isinstance(point, HistogramDataPoint | NumberDataPoint)]


@pytest.fixture
def exported() -> Iterator[Exported]:
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader])
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    yield Exported(tracers, spans, reader, OpenTelemetry(tracer_provider=tracers, meter_provider=meters))
    tracers.shutdown()
    meters.shutdown()


@asynccontextmanager
async def traced(emulator: Emulator, exported: Exported, **options: Any) -> AsyncIterator[Environment]:
    async with MwaaClient(**emulator.client_options(), on_event=exported.telemetry, **options) as client:
        yield client.environment("demo")


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return int(span.parent.span_id)


def number(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_command_is_a_span_of_its_caller_with_its_wait_its_token_and_its_request_for_children(
    emulator: Emulator, exported: Exported
) -> None:
    async with traced(emulator, exported) as demo:
        with exported.provider.get_tracer("a service").start_as_current_span("handle an order"):
            await demo.run("dags trigger demo")
    [outer], [command] = exported.spans("handle an order"), exported.spans("dags trigger")
    assert parent(command) == number(outer)
    assert attributes(command) == {
        "mwaa.environment.name": "demo",
        "mwaa.command.name": "dags trigger",
        "mwaa.command.attempts": 1,
        "mwaa.command.ran": "yes",
    }
    assert command.status.status_code is StatusCode.UNSET
    for name in ("queue", "MWAA/CreateCliToken", "POST"):
        [child] = exported.spans(name)
        assert parent(child) == number(command)
        assert command.start_time and child.start_time and child.end_time and command.end_time
        assert command.start_time - 20e6 <= child.start_time <= child.end_time <= command.end_time + 1e6
    assert attributes(exported.spans("MWAA/CreateCliToken")[0])["rpc.system"] == "aws-api"


async def test_a_request_has_the_attributes_of_the_http_conventions(emulator: Emulator, exported: Exported) -> None:
    emulator.faults.commands.append(CutConnection())
    async with traced(emulator, exported, settle_time=0.1) as demo:
        await demo.run("version")
    host, port = emulator.environ()["AWS_ENDPOINT_URL_MWAA"].removeprefix("https://").split(":")
    lost, answered = exported.spans("POST")
    assert attributes(lost)["error.type"] == "LostError"
    assert lost.status.status_code is StatusCode.ERROR
    assert "http.response.status_code" not in attributes(lost)
    found = attributes(answered)
    assert found.pop("url.full") == f"https://{host}:{found['server.port']}/aws_mwaa/cli"
    assert found.pop("server.port") != int(port)
    assert found == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.request.resend_count": 1,
        "server.address": host,
    }
    [command] = exported.spans("version")
    assert [event.name for event in command.events] == ["RequestRepeated"]


@pytest.mark.parametrize(
    ("line", "fault", "expected"),
    [
        ("variables get nothing", None, ("VariableNotFoundError", "yes")),
        ("dags trigger demo", StatusAnswer(404), ("RequestRejectedError", "no")),
        ("dags trigger demo", StatusAnswer(502, ran=True), ("OutcomeUnknownError", "unknown")),
    ],
)
async def test_a_command_that_fails_is_a_span_with_its_error(
    emulator: Emulator, exported: Exported, line: str, fault: StatusAnswer | None, expected: tuple[str, str]
) -> None:
    emulator.faults.commands.append(fault)
    async with traced(emulator, exported, settle_time=0.1) as demo:
        with pytest.raises(Exception, match="demo"):
            await demo.run(line)
    [command] = exported.spans(" ".join(line.split()[:2]))
    found = attributes(command)
    assert (found["error.type"], found["mwaa.command.ran"]) == expected
    assert command.status.status_code is StatusCode.ERROR


async def test_a_token_that_aws_refuses_is_a_span_with_an_error(emulator: Emulator, exported: Exported) -> None:
    emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403))
    async with traced(emulator, exported) as demo:
        with pytest.raises(AccessDeniedError):
            await demo.run("version")
    [token] = exported.spans("MWAA/CreateCliToken")
    assert attributes(token)["error.type"] == "AccessDeniedError"
    assert parent(token) == number(exported.spans("version")[0])


async def test_the_request_of_an_abandoned_command_is_its_child_all_the_same(
    emulator: Emulator, exported: Exported
) -> None:
    emulator.faults.commands.append(SlowAnswer(0.3))
    async with traced(emulator, exported) as demo:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await demo.run("version")
    [command], [request] = exported.spans("version"), exported.spans("POST")
    assert parent(request) == number(command)
    assert attributes(command)["error.type"] == "cancelled"


async def test_an_abandoned_request_is_a_child_of_its_command_also_where_another_client_has_begun_one(
    emulator: Emulator, exported: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.commands.append(SlowAnswer(0.5))
    async with (
        traced(emulator, exported, guard=LocalGuard()) as demo,
        traced(emulator, exported, guard=LocalGuard()) as other,
    ):
        with pytest.raises(OutcomeUnknownError):
            await demo.run("version", timeout=0.2)
        await other.run("dags list")
        while len(exported.spans("POST")) < 2:
            await asyncio.sleep(0.01)
    assert {parent(request) for request in exported.spans("POST")} == {
        number(exported.spans(name)[0]) for name in ("version", "dags list")
    }
    assert "ended span" not in caplog.text
    [abandoned] = exported.points("mwaa.commands.abandoned")
    assert isinstance(abandoned, NumberDataPoint) and abandoned.value == 1


async def test_a_command_whose_turn_never_comes_counts_as_waiting_only(emulator: Emulator, exported: Exported) -> None:
    emulator.faults.commands.append(SlowAnswer(0.5))
    async with traced(emulator, exported) as demo:
        before = asyncio.create_task(demo.run("version"))
        while not emulator.commands:
            await asyncio.sleep(0.01)
        with pytest.raises(QueueTimeoutError):
            await demo.run("dags list", queue_timeout=0.2)
        await before
    assert [_labels(point) for point in exported.points("mwaa.command.duration")] == [("version",)]
    [done, timed_out] = sorted(exported.points("mwaa.command.queue.duration"), key=_labels)
    assert (_labels(done), _labels(timed_out)) == ((), ("QueueTimeoutError",))
    assert isinstance(timed_out, HistogramDataPoint) and timed_out.sum >= 0.2


async def test_the_metrics_count_and_time_what_happens(emulator: Emulator, exported: Exported) -> None:
    emulator.faults.commands.extend([None, CutConnection(), None, None, StatusAnswer(502, ran=True)])
    async with traced(emulator, exported, settle_time=0.1) as demo:
        await asyncio.gather(*(demo.run("version") for _ in range(2)))
        with pytest.raises(CommandFailedError):
            await demo.run("variables get nothing")
        await asyncio.gather(demo.run("dags trigger demo"), return_exceptions=True)

    def counted(name: str) -> dict[tuple[object, ...], float]:
        return {_labels(point): _number(point) for point in exported.points(name)}

    assert counted("mwaa.command.duration") == {
        ("version",): 2,
        ("VariableNotFoundError", "variables get"): 1,
        ("OutcomeUnknownError", "dags trigger"): 1,
    }
    assert counted("mwaa.command.queue.duration") == {(): 4}
    assert counted("mwaa.commands.queued") == {(): 0}
    assert counted("mwaa.retries") == {(): 1}
    assert counted("mwaa.slot.closures") == {(): 1}
    assert counted("mwaa.tokens") == {(): len(emulator.tokens)}
    assert counted("http.client.request.duration") == {
        ("POST", 200): 3,
        ("LostError", "POST"): 1,
        ("502", "POST", 502): 1,
    }


Point = HistogramDataPoint | NumberDataPoint


def _labels(point: Point) -> tuple[object, ...]:
    found = dict(point.attributes or {})
    return tuple(found[key] for key in sorted(found) if key.startswith(("mwaa.command", "error", "http")))


def _number(point: Point) -> float:
    return point.count if isinstance(point, HistogramDataPoint) else point.value


def test_nothing_of_opentelemetry_is_imported_unless_asked_for() -> None:
    script = (
        "import sys, mwaa_async, mwaa_async._queue, mwaa_async.events; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_without_opentelemetry_the_error_names_the_extra() -> None:
    script = "import sys; sys.modules['opentelemetry'] = None; import mwaa_async.otel"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: mwaa_async.otel needs the extra 'otel': pip install 'mwaa-async[otel]'"
    )
