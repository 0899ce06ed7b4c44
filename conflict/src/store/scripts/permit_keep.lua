-- KEYS: permits, about, index   ARGV: lease_us member id…   the ids that are gone
local now = clock()
local lease, gone = tonumber(ARGV[1]), {}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', fmt(now))
for i = 3, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) then
    redis.call('ZADD', KEYS[1], fmt(now + lease), ARGV[i])
  else
    gone[#gone + 1] = ARGV[i]
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  last(KEYS[1], lease / 1000)
  last(KEYS[2], lease / 1000)
  index(KEYS[3], ARGV[2], now + lease, now)
end
return gone
