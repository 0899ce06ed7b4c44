-- KEYS: key, index   ARGV: owner epoch lease_us member   1 | 0
local now = clock()
local r = redis.call('HMGET', KEYS[1], 'ow', 'ep', 'st')
if r[1] ~= ARGV[1] or r[2] ~= ARGV[2] or r[3] ~= 'P' then return 0 end
local lease = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'le', fmt(now + lease))
last(KEYS[1], lease / 1000)
index(KEYS[2], ARGV[4], now + lease, now)
return 1
