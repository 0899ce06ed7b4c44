-- KEYS: holders, index   ARGV: holder ttl_us member   {'R', fence} | {'-'}
local now = clock()
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then return { '-' } end
local mode, expires, fence, detail = string.match(entry, '^(%a)|(%d+)|(%d+)|(.*)$')
if tonumber(expires) <= now then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return { '-' }
end
local ttl = tonumber(ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1], mode .. '|' .. fmt(now + ttl) .. '|' .. fence .. '|' .. detail)
last(KEYS[1], ttl / 1000)
index(KEYS[2], ARGV[3], now + ttl, now)
return { 'R', fence }
