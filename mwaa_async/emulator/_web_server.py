"""An environment's web server: `POST /aws_mwaa/cli`, and `/aws_mwaa/cli/`."""

import base64
from collections.abc import Callable

from aiohttp import web

from mwaa_async.emulator._environment import EmulatedEnvironment
from mwaa_async.emulator._faults import CommandFault, CutConnection, Faults, SlowAnswer, StatusAnswer, WrongAnswer
from mwaa_async.emulator.airflow import Execution

_LARGEST_COMMAND = 16 << 20


def web_server(
    current: Callable[[], EmulatedEnvironment], faults: Faults, *, failed_status: int, redirect_location: str
) -> web.Application:
    """Return the application that answers as the web server of an environment does, which `current` returns.

    https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html
    """

    async def without_slash(request: web.Request) -> web.StreamResponse:
        environment = current()
        if await environment.redirects():
            location = redirect_location.replace("{host}", request.host)
            return redirected(request, environment, faults.next_redirect() or StatusAnswer(307, location=location))
        return await cli(request)

    async def cli(request: web.Request) -> web.StreamResponse:
        environment = current()
        if redirect := faults.next_redirect():
            return redirected(request, environment, redirect)
        line = (await request.read()).decode(errors="replace")
        token = environment.accept_token(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None or environment.refuses(line):
            return web.json_response({"message": "Forbidden"}, status=403)
        fault = faults.next_for_command()
        if isinstance(fault, CutConnection | StatusAnswer) and not fault.ran and not fault.runs_on_for:
            return _broken(request, fault)
        try:
            with environment.open_request(line, token, peer=_peer(request)) as record:
                if not await environment.offers(line):
                    # https://github.com/aws/amazon-mwaa-docker-images/issues/148
                    return web.json_response({"message": "MWAA does not offer this command"}, status=500)
                execution = await environment.run(record)
                return await _answer(request, environment, fault, execution, failed_status)
        except ValueError as error:
            return web.Response(status=400, text=str(error))

    def redirected(request: web.Request, environment: EmulatedEnvironment, redirect: StatusAnswer) -> web.Response:
        environment.record.redirects += 1
        return _broken(request, redirect)

    application = web.Application(client_max_size=_LARGEST_COMMAND)
    application.router.add_post("/aws_mwaa/cli", without_slash)
    application.router.add_post("/aws_mwaa/cli/", cli)
    return application


async def _answer(
    request: web.Request,
    environment: EmulatedEnvironment,
    fault: CommandFault | None,
    execution: Execution,
    failed_status: int,
) -> web.StreamResponse:
    answer = web.json_response(
        {"stderr": _base64(execution.stderr), "stdout": _base64(execution.stdout)},
        status=failed_status if execution.exit_code else 200,
    )
    match fault:
        case None:
            return answer
        case SlowAnswer():
            await environment.take(fault.seconds)
            return answer
        case WrongAnswer(truncated=True):
            return await _half(request, answer)
        case WrongAnswer():
            return web.Response(status=fault.status, body=fault.body)
        case CutConnection() | StatusAnswer():
            return await _broken_early(request, environment, fault)


async def _broken_early(
    request: web.Request, environment: EmulatedEnvironment, fault: CutConnection | StatusAnswer
) -> web.StreamResponse:
    """Break the connection, or answer, and let the command run on."""
    response = _broken(request, fault)
    if fault.runs_on_for:
        if isinstance(fault, StatusAnswer):
            response.force_close()
            await response.prepare(request)
            await response.write_eof()
        await environment.take(fault.runs_on_for)
    return response


def _broken(request: web.Request, fault: CutConnection | StatusAnswer) -> web.Response:
    if isinstance(fault, CutConnection):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    headers = {"Retry-After": fault.retry_after, "Location": fault.location}
    return web.Response(
        status=fault.status,
        text="" if fault.redirects else f"<html><body><h1>{fault.status}</h1></body></html>",
        content_type="text/html",
        headers={name: value for name, value in headers.items() if value is not None},
    )


async def _half(request: web.Request, whole: web.Response) -> web.StreamResponse:
    body = whole.body
    assert isinstance(body, bytes)
    half = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": "application/json"})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _peer(request: web.Request) -> object:
    return request.transport.get_extra_info("peername") if request.transport else None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()
