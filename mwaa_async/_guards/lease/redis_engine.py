"""The protocol on a Redis server: four scripts, and one subscription for the calls."""

import asyncio
import logging
from contextlib import suppress
from hashlib import sha1
from typing import Any

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    NoScriptError,
    RedisError,
    ResponseError,
)

from mwaa_async._guards.lease.engine import EngineError, View
from mwaa_async._guards.lease.protocol import NOBODY, TICKET, Contender, Granted, Held, Queued, again
from mwaa_async._guards.lease.scripts import ASK, LEAVE, LOOK, RENEW
from mwaa_async._identity import EnvironmentId

logger = logging.getLogger("mwaa_async")

LOST_CALL = 2.0
"""Seconds after which a holder looks whether somebody waits, of whom it has heard nothing."""

_POLL = 1.0  # seconds between two looks of whoever cannot be called
_SILENCE = 10.0  # seconds without a word from the server, after which it is asked whether it is there
_MISTAKES = (AuthenticationError, AuthorizationError, NoPermissionError)
# What a server says that is no mistake of the caller: it starts, fails over, or moves slots.
_PASSING = ("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "BUSY", "MISCONF", "OOM")


class RedisEngine:
    """An `Engine` on a Redis server, by a client of redis-py that belongs to the running event loop."""

    def __init__(self, client: Any, prefix: str, where: str) -> None:
        self._client = client
        self._prefix = prefix
        self._where = where
        self._bells: dict[str, asyncio.Event] = {}
        self._listens = False
        self._node: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def ask(self, environment: EnvironmentId, who: Contender, *, term: float) -> Granted | Queued:
        """Do `protocol.asked`."""
        self._bell(who).clear()
        is_granted, number, last = await self._do(
            ASK, environment, who, self._calls, _milliseconds(term), _milliseconds(TICKET)
        )
        if is_granted:
            return Granted(number, last > 0)
        return Queued(number, again(TICKET if number else last / 1000))

    async def renew(self, environment: EnvironmentId, held: Held, *, term: float) -> Granted | None:
        """Do `protocol.renewed`."""
        self._bell(held.who).clear()
        is_held, waiting = await self._do(RENEW, environment, held.who, self._calls, held.fence, _milliseconds(term))
        if not is_held:
            self._bells.pop(str(held.who), None)  # nobody leaves what was lost
            return None
        return Granted(held.fence, waiting > 0)

    async def leave(self, environment: EnvironmentId, who: Contender, fence: int, *, closed_for: float = 0.0) -> bool:
        """Do `protocol.left`."""
        self._bells.pop(str(who), None)
        return bool(await self._do(LEAVE, environment, who, self._calls, fence, _milliseconds(closed_for)))

    async def look(self, environment: EnvironmentId) -> View:
        """Look at the state."""
        owner, left, held_for, line = await self._do(LOOK, environment, NOBODY, self._calls)
        name = _text(owner) or None
        return View(name, max(0.0, left / 1000), held_for / 1000 if name else None, tuple(map(_text, line)))

    async def called(self, environment: EnvironmentId, who: Contender, seconds: float, *, holds: bool) -> None:
        """Return as soon as this contender is called; who cannot be called returns after a second."""
        if not self._node.done():
            self._node.set_result(who.node)
        bell = self._bell(who)
        longest = (LOST_CALL if holds else seconds) if self._listens else _POLL
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, longest)):
                await bell.wait()

    async def listen(self) -> None:
        """Subscribe to the calls, again and again, as soon as somebody waits for one."""
        node = await self._node
        if not hasattr(self._client, "pubsub"):  # a `RedisCluster` before redis-py 8
            logger.warning("%s: this client cannot subscribe: every turn may take a second longer", self._where)
            return
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=False) as subscription:
                    await self._listen(subscription, self._calls + node)
            except _MISTAKES as error:
                logger.warning(
                    "%s does not let this user subscribe (%s): every turn may take a second longer", self._where, error
                )
                return
            except (RedisError, OSError, EOFError) as error:
                logger.debug("%s: no calls for a moment: %s", self._where, error)
            finally:
                self._listens = False
                self._ring()  # whoever has a lease looks whether the server is there
            await asyncio.sleep(_POLL)

    async def _listen(self, subscription: Any, channel: str) -> None:
        await subscription.subscribe(channel)
        was_asked = False
        while True:
            # With a time-out of its own: the client's would end a read that waits for a call.
            message = await subscription.get_message(timeout=_SILENCE)
            if message is not None:
                was_asked = False
                self._take(message)
            elif was_asked:
                return  # nobody is there any more; a connection may break without a sign
            else:
                await subscription.ping()
                was_asked = True

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._listens = True
            self._ring()  # whoever was called before did not hear it
        elif message["type"] == "message":
            called = self._bells.get(_text(message["data"]))
            if called is not None:
                called.set()

    def _ring(self) -> None:
        for bell in self._bells.values():
            bell.set()

    def _bell(self, who: Contender) -> asyncio.Event:
        return self._bells.setdefault(str(who), asyncio.Event())

    @property
    def _calls(self) -> str:
        return f"{self._prefix}:calls:"

    async def _do(self, script: str, environment: EnvironmentId, who: object, *arguments: object) -> Any:
        """Run a script for the environment. Raises `EngineError`."""
        # The braces make a Redis Cluster keep all three in one hash slot.
        keys = [f"{self._prefix}:{{{environment}}}:{name}" for name in ("lease", "line", "alive")]
        words = (len(keys), *keys, str(who), *arguments)
        try:
            try:
                return await self._client.evalsha(sha1(script.encode(), usedforsecurity=False).hexdigest(), *words)
            except NoScriptError:  # the server was started anew, or is another one
                return await self._client.eval(script, *words)
        except (RedisError, OSError, EOFError) as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> EngineError:
        text = f"{self._where}: {str(error) or type(error).__name__}"
        if isinstance(error, _MISTAKES):
            return EngineError(f"{text}; look at the user, its password and its permissions", may_pass=False)
        return EngineError(text, may_pass=not isinstance(error, ResponseError) or _passes(str(error)))


def _passes(text: str) -> bool:
    return any(word in text for word in _PASSING) or not text


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


async def check_eviction(client: Any, where: str) -> None:
    """Warn where the server may evict keys without a time to live, and so a lease that is held."""
    with suppress(RedisError, OSError, EOFError, AttributeError):  # not allowed to ask, or no server for all keys
        policy = str((await client.info("memory")).get("maxmemory_policy", ""))
        if policy.startswith("allkeys"):
            logger.warning(
                "%s evicts any key when its memory is full (maxmemory-policy %s), and so leases that are held; set "
                "noeviction, or a volatile-… policy, which spares them",
                where,
                policy,
            )
