-- What every script begins with. Numbers go out by fmt(): Lua writes large ones with an exponent.
local BEGINNING = 1704067200000000 -- 2024-01-01 in microseconds since 1970
local function fmt(n) return string.format('%.0f', n) end
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end
-- A key lives for so many milliseconds at least.
local function last(key, ttl_ms)
  ttl_ms = math.ceil(tonumber(ttl_ms))
  if redis.call('PTTL', key) < ttl_ms then redis.call('PEXPIRE', key, ttl_ms) end
end
-- What a team has is found by this, in the order in which it runs out.
local function index(key, member, expires, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', fmt(now))
  redis.call('ZADD', key, 'GT', fmt(expires), member)
  last(key, (expires - now) / 1000 + 1000)
end
