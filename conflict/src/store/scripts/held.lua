-- KEYS: holders, version   ARGV: version(0|1) version_ttl_ms
-- {now, {holder, entry, …}, {generation, dirty, tags, changed} or {}}
local now = clock()
local known = {}
if ARGV[1] == '1' then
  local v = version(KEYS[2], now, ARGV[2])
  known = { v[1], v[3] and '1' or '0', v[4] or '', v[5] or '' }
end
return { fmt(now), redis.call('HGETALL', KEYS[1]), known }
