"""A small service: it triggers a DAG for each day, and says of which days nobody knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mwaa_async import CommandFailedError, MwaaClient, MwaaError


@dataclass
class Report:
    """What became of the days."""

    triggered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


async def trigger_days(environment: str, dag_id: str, days: Iterable[str]) -> Report:
    """Trigger the DAG once for each day, with a run id of the day: a second call makes no second run."""
    report = Report()
    async with MwaaClient(settle_time=1.0) as client:
        for day in days:
            try:
                await client.environment(environment).dags.trigger(dag_id, run_id=f"day-{day}", conf={"day": day})
            except CommandFailedError:
                report.failed.append(day)
            except MwaaError as error:
                (report.unknown if error.ran is None else report.failed).append(day)
            else:
                report.triggered.append(day)
    return report
