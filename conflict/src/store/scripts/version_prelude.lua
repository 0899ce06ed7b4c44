-- The version of a resource: g(eneration), f(ence), d(irty), t(ags, with commas), c(hanged).
local function version(key, now, ttl_ms)
  local v = redis.call('HMGET', key, 'g', 'f', 'd', 't', 'c')
  if not v[1] then
    v[1] = fmt(math.max(1, math.floor((now - BEGINNING) / 1000)))
    redis.call('HSET', key, 'g', v[1])
  end
  redis.call('PEXPIRE', key, ttl_ms)
  return v
end
