"""What is said before the command, and what commands make of it."""

from dataclasses import dataclass

import click

from mwaa_async import Guard, MwaaClient
from mwaa_async._aws import AwsOptions
from mwaa_async._identity import check_name
from mwaa_async._protocol.run_ids import RUN_ID_PATTERN


@dataclass(frozen=True, slots=True)
class Options:
    """The global options."""

    region: str | None
    profile: str | None
    endpoint_url: str | None
    guard: Guard | None

    def client(self, *, allow_unlisted: bool = False, allowed_run_id_pattern: str = RUN_ID_PATTERN) -> MwaaClient:
        """Return a client as the options want it, not open yet."""
        return MwaaClient(
            region_name=self.region,
            profile_name=self.profile,
            endpoint_url=self.endpoint_url,
            guard=self.guard,
            allow_unlisted=allow_unlisted,
            allowed_run_id_pattern=allowed_run_id_pattern,
        )

    def aws(self) -> AwsOptions:
        """Return the options that are about AWS."""
        return AwsOptions(region_name=self.region, profile_name=self.profile, endpoint_url=self.endpoint_url)


def environment_name(text: str) -> str:
    """Return the name of an environment, for click to call. Raises `click.BadParameter`."""
    try:
        return check_name(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


allowed_run_id_pattern = click.option(
    "--allowed-run-id-pattern",
    metavar="REGEX",
    default=RUN_ID_PATTERN,
    show_default=True,
    help="The environment's setting of this name, where it is not Airflow's default.",
)
