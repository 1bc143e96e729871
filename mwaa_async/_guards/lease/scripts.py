"""The protocol's steps as scripts on a Redis server: each decides and acts at once. See `protocol.py`.

One environment has three keys. All are in one hash slot, and every script names all of them. None has a time to live,
so that no `volatile-*` eviction takes a lease that is held.

    KEYS[1]  lease  hash        owner, fence, term, since and until (milliseconds of the server), released
    KEYS[2]  line   sorted set  who waits, in order
    KEYS[3]  alive  hash        until when (milliseconds of the server) the ticket of each of them lives

    ARGV[1]  who asks; ARGV[2] is where calls to NODE go: the channel ARGV[2] .. NODE
"""

_PRELUDE = """
local LEASE, LINE, ALIVE, who = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function first()
    return redis.call('ZRANGE', LINE, 0, 0)[1]
end

local function forget(whom)
    redis.call('ZREM', LINE, whom)
    redis.call('HDEL', ALIVE, whom)
end

-- A call only makes it quick. A user who may not publish is told so when it subscribes, and so pcall.
local function call(whom)
    redis.pcall('PUBLISH', ARGV[2] .. string.match(whom, '^[^/]*'), whom)
end
"""

ASK = (
    _PRELUDE
    + """
local term, ticket = tonumber(ARGV[3]), tonumber(ARGV[4])
local lease = redis.call('HMGET', LEASE, 'owner', 'fence', 'until', 'term')
local owner, fence, left = lease[1], tonumber(lease[2]) or 0, (tonumber(lease[3]) or 0) - now

if owner == who then  -- it was granted, and the answer was lost
    redis.call('HSET', LEASE, 'until', now + math.max(term, tonumber(lease[4]) or 0))  -- it never shrinks
    return {1, fence, redis.call('ZCARD', LINE)}
end

while first() and first() ~= who and (tonumber(redis.call('HGET', ALIVE, first())) or 0) <= now do
    forget(first())
end

if left <= 0 and (not first() or first() == who) then
    -- Not only the next number: the server may have lost its last writes in a failover, or all of them.
    fence = math.max(fence + 1, now)
    redis.call('HSET', LEASE, 'owner', who, 'fence', fence, 'since', now, 'term', term, 'until', now + term)
    forget(who)
    return {1, fence, redis.call('ZCARD', LINE)}
end

if not redis.call('ZSCORE', LINE, who) then
    local last = redis.call('ZREVRANGE', LINE, 0, 0, 'WITHSCORES')[2]
    redis.call('ZADD', LINE, (tonumber(last) or 0) + 1, who)
    if owner then call(owner) end  -- who keeps the lease for its next command as long as nobody waits
end
redis.call('HSET', ALIVE, who, now + ticket)
return {0, redis.call('ZRANK', LINE, who), left}
"""
)

RENEW = (
    _PRELUDE
    + """
local fence, term = ARGV[3], tonumber(ARGV[4])
local lease = redis.call('HMGET', LEASE, 'owner', 'fence', 'term')
if lease[1] ~= who or lease[2] ~= fence then
    return {0, 0}
end
term = math.max(term, tonumber(lease[3]) or 0)  -- it never shrinks: another renewal may have been overtaken
redis.call('HSET', LEASE, 'term', term, 'until', now + term)
return {1, redis.call('ZCARD', LINE)}
"""
)

LEAVE = (
    _PRELUDE
    + """
local fence, closed_for = ARGV[3], tonumber(ARGV[4])
local lease = redis.call('HMGET', LEASE, 'owner', 'fence', 'released')
local was_owner, was_first = lease[1] == who, first() == who
if was_owner then
    redis.call('HDEL', LEASE, 'owner', 'since')
    redis.call('HSET', LEASE, 'until', now + closed_for, 'released', lease[2])
end
forget(who)
if (was_owner or was_first) and first() then
    call(first())
end
-- Whoever gives back once more what it has given back already has lost nothing.
return (was_owner or fence == '0' or fence == lease[3]) and 1 or 0
"""
)

LOOK = (
    _PRELUDE
    + """
local lease = redis.call('HMGET', LEASE, 'owner', 'until', 'since')
local line = {}
for _, each in ipairs(redis.call('ZRANGE', LINE, 0, -1)) do
    if (tonumber(redis.call('HGET', ALIVE, each)) or 0) > now then
        line[#line + 1] = each
    end
end
return {lease[1] or '', (tonumber(lease[2]) or 0) - now, now - (tonumber(lease[3]) or now), line}
"""
)
