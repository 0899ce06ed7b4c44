-- KEYS: nodes   ARGV: node ttl_us   how many live
local now = clock()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', fmt(now))
redis.call('ZADD', KEYS[1], fmt(now + tonumber(ARGV[2])), ARGV[1])
last(KEYS[1], tonumber(ARGV[2]) / 1000)
return redis.call('ZCARD', KEYS[1])
