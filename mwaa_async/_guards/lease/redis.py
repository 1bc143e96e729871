"""The guard of all hosts that reach one Redis (or Valkey, or ElastiCache)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mwaa_async._guards.lease.cluster import LeaseGuard
from mwaa_async._guards.lease.engine import Engine

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

_TIMEOUT = 5.0  # seconds for connecting, and for an answer


class RedisGuard(LeaseGuard):
    """Keeps the rule among all hosts and processes that use the same Redis server and `prefix`.

    `url_or_client` is a URL that redis-py reads (`redis://`, `rediss://`, `unix://`), or a client of `redis.asyncio`,
    also one of a Redis Cluster or of Sentinel. A client is used in its own event loop only, and is not closed. `lease`
    is for how many seconds a host that shows no sign of life keeps the slot. Needs the extra `redis`.
    """

    def __init__(
        self, url_or_client: "str | Redis | RedisCluster", *, lease: float = 30.0, prefix: str = "mwaa-async"
    ) -> None:
        if not prefix or any(brace in prefix for brace in "{}"):
            raise ValueError(f"prefix must be a text without braces, not {prefix!r}")
        self._name = _shown(url_or_client) if isinstance(url_or_client, str) else type(url_or_client).__name__
        self._source = url_or_client
        self._prefix = prefix
        _check(url_or_client)
        super().__init__(self._connected, lease=lease)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Engine]:
        from mwaa_async._guards.lease.redis_engine import RedisEngine, check_eviction

        source = self._source
        client: Any = _client(source) if isinstance(source, str) else source
        engine = RedisEngine(client, self._prefix, f"Redis ({self._name})")
        tasks = [
            asyncio.create_task(engine.listen(), name="mwaa_async: the calls of a RedisGuard"),
            asyncio.create_task(check_eviction(client, f"Redis ({self._name})"), name="mwaa_async: Redis's eviction"),
        ]
        try:
            yield engine
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if isinstance(source, str):
                await client.aclose()

    def __repr__(self) -> str:
        return f"RedisGuard({self._name!r})"


def _client(url: str) -> "Redis":
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    # No retries in redis-py: the guard knows for how long another try makes sense.
    return Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 0))


def _check(source: "str | Redis | RedisCluster") -> None:
    """Raise `ImportError` without redis-py, and `ValueError` where the URL is none that it reads."""
    try:
        import redis.asyncio  # noqa: F401
    except ImportError as error:
        raise ImportError("RedisGuard needs redis-py: pip install 'mwaa-async[redis]'") from error
    if isinstance(source, str):
        try:
            pool: Any = _client(source).connection_pool
            pool.make_connection()  # which looks at all options, and connects nowhere
        except (ValueError, TypeError):
            raise ValueError(
                f"{_shown(source)} is no URL of a Redis server: redis://HOST:6379/0 or rediss://…"
            ) from None


def _shown(url: str) -> str:
    """Return the URL without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
