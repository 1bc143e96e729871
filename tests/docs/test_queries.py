"""Promise: the queries for dashboards find what the client writes: lines of the log, and metrics of OpenTelemetry."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader

from mwaa_async import MwaaClient, MwaaError
from mwaa_async.emulator import Emulator, StatusAnswer
from mwaa_async.otel import OpenTelemetry
from tests.docs.blocks import ROOT, blocks

pytestmark = pytest.mark.anyio

PAGE = ROOT / "docs" / "how-to" / "logging-and-tracing.md"
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
WORDS_OF_PROMQL = {"histogram_quantile", "sum", "by", "rate", "increase", "le", "m", "h"}


def queries(language: str) -> list[str]:
    return [block.code for block in blocks(PAGE) if block.mark == "query" and block.language == language]


async def use(client: MwaaClient, emulator: Emulator) -> None:
    """Run a command that goes well, one that fails, and one whose end nobody sees."""
    demo = client.environment("demo", airflow_version="2.10.3")
    await demo.run("dags list")
    emulator.faults.commands.extend([None, StatusAnswer(504, ran=True)])
    for command in ("dags trigger nosuch", "variables set key value"):
        with pytest.raises(MwaaError):
            await demo.run(command)


def in_prometheus(metrics: Any) -> Iterator[str]:
    """Return the names of series and labels, as OpenTelemetry's page on Prometheus translates them."""
    scopes = (scope for resource in metrics.resource_metrics for scope in resource.scope_metrics)
    for metric in (metric for scope in scopes for metric in scope.metrics):
        unit = "_seconds" if metric.unit == "s" else ""
        yield from (underscored(metric.name) + unit + ending for ending in endings(metric.data))
        yield from (underscored(label) for point in metric.data.data_points for label in point.attributes)


def endings(data: Any) -> tuple[str, ...]:
    if isinstance(data, Histogram):
        return ("_bucket", "_sum", "_count")
    return ("_total",) if data.is_monotonic else ("",)


def underscored(name: str) -> str:
    return re.sub(r"\W", "_", name)


async def test_the_queries_for_prometheus_name_what_there_is(emulator: Emulator) -> None:
    reader = InMemoryMetricReader()
    listener = OpenTelemetry(meter_provider=MeterProvider([reader]))
    async with MwaaClient(**emulator.client_options(), on_event=listener, settle_time=0.1) as client:
        await use(client, emulator)
    named = {word for query in queries("promql") for word in re.findall(r"[a-z_]+(?![a-z_\"])", query)}
    assert named - WORDS_OF_PROMQL
    assert named - WORDS_OF_PROMQL - set(in_prometheus(reader.get_metrics_data())) == set()


async def test_the_queries_for_the_log_match_its_lines(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "mwaa_async"):
        async with MwaaClient(**emulator.client_options(), settle_time=0.1) as client:
            await use(client, emulator)
    lines = [logging.Formatter(FORMAT).format(record) for record in caplog.records]
    [ends, warnings] = [re.search("parse @message /(.*)/$", query, re.MULTILINE) for query in queries("text")]
    assert ends and warnings
    found = [match.groupdict() for match in map(pattern(ends[1]).search, lines) if match]
    assert [(one["environment"], one["command"], one["outcome"]) for one in found] == [
        ("demo", "dags list", "done"),
        ("demo", "dags trigger", "DagNotFoundError"),
        ("demo", "variables set", "OutcomeUnknownError"),
    ]
    assert all(float(one["took"]) >= 0 and float(one["queued"]) >= 0 for one in found)
    assert any(pattern(warnings[1]).search(line) for line in lines)


def pattern(query: str) -> re.Pattern[str]:
    """Return a regular expression of CloudWatch's as one of Python's."""
    return re.compile(query.replace("(?<", "(?P<"))
