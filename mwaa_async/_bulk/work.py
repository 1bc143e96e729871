"""What a batch has to know of its rows, whatever they do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.layouts import Layout
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._bulk.rows import CommandStatus, Status
from mwaa_async._runner import Runner


class Request(Protocol):
    """What is wanted."""

    @property
    def environment(self) -> str: ...


class Outcome(Protocol):
    """What became of a request."""

    @property
    def request(self) -> Request: ...
    @property
    def status(self) -> Status | CommandStatus: ...
    @property
    def error(self) -> Exception | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def row(self) -> int: ...


Q = TypeVar("Q", bound=Request)
O = TypeVar("O", bound=Outcome)  # noqa: E741
O_co = TypeVar("O_co", bound=Outcome, covariant=True)


class Row(Protocol[O_co]):
    """A request with its place in the batch; one with a `problem` cannot be sent.

    `identity` is what the journal knows it by, and `label` what a display shows of it. Where it `is_idempotent`, each
    of its commands may be sent again, and when one has begun, the others follow whatever happens.
    """

    @property
    def number(self) -> int: ...
    @property
    def environment(self) -> str: ...
    @property
    def identity(self) -> Sequence[str | None]: ...
    @property
    def label(self) -> str: ...
    @property
    def problem(self) -> Exception | None: ...
    @property
    def is_idempotent(self) -> bool: ...

    async def attempt(self, runner: RowRunner, entry: Entry) -> O_co:
        """Send the row and return its outcome. Raises `MwaaError`, `ValueError` and `TypeError` where it is not done.

        The entry says what was known of it before.
        """

    def refuses(self, error: Exception) -> bool:
        """Tell whether the error says that Airflow does not take the row as it is, now or another time."""

    def failed(self, status: Literal["failed", "unknown"], attempts: int, error: Exception) -> O_co:
        """Return the outcome after an error."""

    def known(self, entry: Entry, runner: Runner) -> O_co:
        """Return the outcome of a row that was done before, as its entry says."""


@dataclass(frozen=True)
class Kind(Generic[Q, O]):
    """A kind of batch: the layout of its journal, and how rows are made of its requests.

    `argument` and `example` say what a caller passes. `row_of` raises `ValueError` or `TypeError` for a request that
    cannot be sent, and `bad_row` makes of that the row that it is; both get the number, `row_of` the batch's name, too.
    """

    layout: Layout
    request: type[Q]
    argument: str
    example: str
    row_of: Callable[[str, int, Q], Row[O]]
    bad_row: Callable[[int, Q, Exception], Row[O]]

    def row(self, batch: str, number: int, request: Q) -> Row[O]:
        """Return the request as a row of the batch."""
        try:
            return self.row_of(batch, number, request)
        except (ValueError, TypeError, RecursionError) as problem:
            return self.bad_row(number, request, problem)
