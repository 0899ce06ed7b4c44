-- KEYS: permits, about, index   ARGV: limit id lease_us label member   {1, taken} | {0, taken, next_us}
local now = clock()
local limit, lease = tonumber(ARGV[1]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', fmt(now))
local taken = redis.call('ZCARD', KEYS[1])
local mine = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not mine then
  if taken >= limit then
    local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return { 0, taken, first[2] and fmt(tonumber(first[2]) - now) or '0' }
  end
  taken = taken + 1
end
redis.call('ZADD', KEYS[1], fmt(now + lease), ARGV[2])
last(KEYS[1], lease / 1000)
redis.call('HSET', KEYS[2], 'limit', ARGV[1], 'label', ARGV[4])
last(KEYS[2], lease / 1000)
index(KEYS[3], ARGV[5], now + lease, now)
return { 1, taken }
