"""AWS's side of the emulator: `CreateCliToken`, `CreateWebLoginToken`, `GetEnvironment`, `ListEnvironments`.

And of STS: `GetCallerIdentity` and `AssumeRole`, so that nothing of what a client asks leaves the machine.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from mwaa_async.emulator._environment import EmulatedEnvironment
from mwaa_async.emulator._faults import Faults, RefusedByAws, WrongAwsAnswer
from mwaa_async.emulator._signature import refusal
from mwaa_async.emulator._sts import ACCOUNT, sts, sts_error

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PAGE = 25  # ListEnvironments gives no more at once


def token_api(
    environments: Mapping[str, EmulatedEnvironment],
    faults: Faults,
    *,
    region: str,
    token_time: float,
    clock_offset: float,
) -> web.Application:
    """Return the application that answers as the service `airflow` of AWS does, and as STS at its root.

    The routes are those of botocore's service model mwaa/2020-07-01. AWS's clock is `clock_offset` seconds ahead.
    """

    def aws_time() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=clock_offset)

    @web.middleware
    async def only_signed(request: web.Request, handler: _Handler) -> web.StreamResponse:
        service, error = ("sts", sts_error) if request.path == "/" else ("airflow", _error)
        url, body = str(request.url), await request.read()
        refused = refusal(request.method, url, request.headers, body, service=service, at=aws_time())
        return error(403, *refused) if refused else await handler(request)

    async def with_date(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(aws_time(), usegmt=True)

    async def caller(request: web.Request) -> web.Response:
        return await sts(request, faults.next_for_caller(), aws_time())

    async def create_cli_token(request: web.Request) -> web.Response:
        environment = environments.get(request.match_info["name"])
        if environment is None:
            return _not_found(request)
        fault = faults.next_for_token()
        if isinstance(fault, RefusedByAws | WrongAwsAnswer):
            return _broken(fault, "No token for you")
        await environment.take(token_time + (fault.seconds if fault else 0.0))
        return web.json_response(
            {"CliToken": environment.issue_token().value, "WebServerHostname": environment.hostname}
        )

    async def create_web_login_token(request: web.Request) -> web.Response:
        environment = environments.get(request.match_info["name"])
        if environment is None:
            return _not_found(request)
        token = secrets.token_urlsafe(96)
        return web.json_response({"WebToken": token, "WebServerHostname": environment.hostname})

    async def get_environment(request: web.Request) -> web.Response:
        environment = environments.get(request.match_info["name"])
        if environment is None:
            return _not_found(request)
        environment.record.descriptions += 1
        fault = faults.next_for_description()
        if isinstance(fault, RefusedByAws | WrongAwsAnswer):
            return _broken(fault, "No description for you")
        await environment.take(fault.seconds if fault else 0.0)
        return web.json_response({"Environment": await _description(environment, region)})

    async def list_environments(request: web.Request) -> web.Response:
        most, start = request.query.get("MaxResults", str(_PAGE)), request.query.get("NextToken", "0")
        if not most.isdigit() or not 1 <= int(most) <= _PAGE or not start.isdigit():
            return _error(400, "ValidationException", f"MaxResults is 1 to {_PAGE}, and NextToken what was answered")
        return web.json_response(_page(sorted(environments), int(start), int(most)))

    application = web.Application(middlewares=[only_signed])
    application.on_response_prepare.append(with_date)
    application.router.add_post("/", caller)
    application.router.add_post("/clitoken/{name}", create_cli_token)
    application.router.add_post("/webtoken/{name}", create_web_login_token)
    application.router.add_get("/environments/{name}", get_environment)
    application.router.add_get("/environments", list_environments)
    return application


def _page(names: list[str], start: int, most: int) -> dict[str, Any]:
    page: dict[str, Any] = {"Environments": names[start : start + most]}
    return page | ({"NextToken": str(start + most)} if start + most < len(names) else {})


async def _description(environment: EmulatedEnvironment, region: str) -> dict[str, Any]:
    return {
        "Name": environment.name,
        "Status": "AVAILABLE",
        "AirflowVersion": await environment.airflow_version(),
        "Arn": f"arn:aws:airflow:{region}:{ACCOUNT}:environment/{environment.name}",
        "WebserverUrl": environment.hostname,
        "WebserverAccessMode": "PUBLIC_ONLY",
        "EnvironmentClass": "mw1.small",
    }


def _not_found(request: web.Request) -> web.Response:
    return _error(404, "ResourceNotFoundException", f"Environment {request.match_info['name']} was not found")


def _broken(fault: RefusedByAws | WrongAwsAnswer, message: str) -> web.Response:
    if isinstance(fault, RefusedByAws):
        return _error(fault.status, fault.code, message)
    return web.Response(status=fault.status, body=fault.body, content_type="application/json")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps({"message": message}),
        content_type="application/json",
        headers={"x-amzn-ErrorType": code},
    )
