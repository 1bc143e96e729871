"""What can go wrong between a client, AWS and a web server, as a script for the requests to come."""

from collections import deque
from dataclasses import dataclass
from typing import TypeVar

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign In - Airflow</title></head><body>Sign In</body></html>"
_LONGEST = 86_400  # seconds


def _check_status(status: int) -> None:
    if not 200 <= status <= 599:
        raise ValueError(f"a status is 200 to 599, not {status}")


def check_seconds(seconds: float) -> None:
    """Raise `ValueError` for what no test waits for."""
    if not 0 <= seconds <= _LONGEST:  # which no NaN is
        raise ValueError(f"seconds are 0 to {_LONGEST}, not {seconds:g}")


@dataclass(frozen=True, slots=True)
class RefusedByAws:
    """AWS answers with an error instead of a token; its SDKs try again by themselves after some of them."""

    code: str = "ThrottlingException"
    status: int = 429

    def __post_init__(self) -> None:
        _check_status(self.status)


@dataclass(frozen=True, slots=True)
class WrongAwsAnswer:
    """AWS, or something in between, answers with something else than it documents."""

    body: bytes
    status: int = 200

    def __post_init__(self) -> None:
        _check_status(self.status)


@dataclass(frozen=True, slots=True)
class SlowToken:
    """AWS takes that many seconds more."""

    seconds: float

    def __post_init__(self) -> None:
        check_seconds(self.seconds)


@dataclass(frozen=True, slots=True)
class CutConnection:
    """The connection breaks without an answer, after the command has `ran` or before it could.

    With `runs_on_for` the connection breaks at once, and the command takes that many seconds more.
    """

    ran: bool = True
    runs_on_for: float = 0.0

    def __post_init__(self) -> None:
        check_seconds(self.runs_on_for)


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """An answer without Airflow's output: 502, 503, 504 of a gateway, 401 and 403 for a token, 404, 405, 413, 429.

    The command has `ran`, or not; with `runs_on_for` it takes that many seconds more after the answer. `location` is
    the header of that name: with 301, 302, 307 or 308 it redirects, before anything looks at the token.
    """

    status: int
    ran: bool = False
    runs_on_for: float = 0.0
    retry_after: str | None = None
    location: str | None = None

    def __post_init__(self) -> None:
        _check_status(self.status)
        check_seconds(self.runs_on_for)

    @property
    def redirects(self) -> bool:
        """Tell whether this sends the client elsewhere and does nothing."""
        return 300 <= self.status < 400 and not self.ran and not self.runs_on_for


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """The command ran, but the answer is something else: a page, garbage, or with `truncated` the half of it."""

    body: bytes = LOGIN_PAGE
    status: int = 200
    truncated: bool = False

    def __post_init__(self) -> None:
        _check_status(self.status)


@dataclass(frozen=True, slots=True)
class SlowAnswer:
    """The command ran, and the answer comes that many seconds later."""

    seconds: float

    def __post_init__(self) -> None:
        check_seconds(self.seconds)


TokenFault = RefusedByAws | WrongAwsAnswer | SlowToken
CommandFault = CutConnection | StatusAnswer | WrongAnswer | SlowAnswer

_Entry = TypeVar("_Entry")


class Faults:
    """The faults to come: each request for a token, with a command, for a description or for who calls takes its first.

    `None` in a script lets a request pass, and so does a script that has come to its end:
    `emulator.faults.commands.extend([CutConnection(ran=True), None, StatusAnswer(504, ran=True)])`.
    """

    def __init__(self) -> None:
        self.tokens: deque[TokenFault | None] = deque()
        self.commands: deque[CommandFault | None] = deque()
        self.descriptions: deque[TokenFault | None] = deque()
        self.callers: deque[TokenFault | None] = deque()

    def add(self, fault: TokenFault | CommandFault | None) -> None:
        """Put the fault at the end of its script; `None` lets one command pass. Raises `TypeError` for what is none."""
        if isinstance(fault, TokenFault):
            self.tokens.append(fault)
        elif fault is None or isinstance(fault, CommandFault):
            self.commands.append(fault)
        else:
            raise TypeError(f"{fault!r} is no fault")

    def clear(self) -> None:
        """Take everything off all scripts."""
        for script in (self.tokens, self.commands, self.descriptions, self.callers):
            script.clear()

    def next_for_token(self) -> TokenFault | None:
        """Return, and take off the script, what happens to this request for a token."""
        return _first_of(self.tokens)

    def next_for_command(self) -> CommandFault | None:
        """Return, and take off the script, what happens to this command."""
        return _first_of(self.commands)

    def next_redirect(self) -> StatusAnswer | None:
        """Return, and take off the script, the redirect of this command, where that is what comes next."""
        fault = next(iter(tuple(self.commands)), None)
        if not isinstance(fault, StatusAnswer) or not fault.redirects:
            return None
        _first_of(self.commands)
        return fault

    def next_for_description(self) -> TokenFault | None:
        """Return, and take off the script, what happens to this request for a description (`GetEnvironment`)."""
        return _first_of(self.descriptions)

    def next_for_caller(self) -> TokenFault | None:
        """Return, and take off the script, what happens to this request to STS (`GetCallerIdentity`)."""
        return _first_of(self.callers)


def _first_of(script: deque[_Entry]) -> _Entry | None:
    # Asking whether there is one is no answer where a test clears the script in another thread.
    try:
        return script.popleft()
    except IndexError:
        return None
