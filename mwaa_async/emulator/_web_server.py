"""An environment's web server: `POST /aws_mwaa/cli`."""

import base64

from aiohttp import web

from mwaa_async.emulator._environment import EmulatedEnvironment
from mwaa_async.emulator.airflow import Execution

_LARGEST_COMMAND = 16 << 20


def web_server(environment: EmulatedEnvironment, *, command_time: float, failed_status: int) -> web.Application:
    """Return the application that answers as the web server of an environment does.

    https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html
    """

    async def cli(request: web.Request) -> web.Response:
        token = environment.accept_token(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None:
            return web.json_response({"message": "Forbidden"}, status=403)
        line = (await request.read()).decode(errors="replace")
        if not line.strip():
            return web.Response(status=400, text="empty command")
        try:
            execution = await environment.run(
                line,
                token,
                connection=environment.connection_number(
                    request.transport and request.transport.get_extra_info("peername")
                ),
                command_time=command_time,
            )
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        return _answer(execution, failed_status)

    application = web.Application(client_max_size=_LARGEST_COMMAND)
    application.router.add_post("/aws_mwaa/cli", cli)
    return application


def _answer(execution: Execution, failed_status: int) -> web.Response:
    return web.json_response(
        {"stderr": _base64(execution.stderr), "stdout": _base64(execution.stdout)},
        status=failed_status if execution.exit_code else 200,
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()
