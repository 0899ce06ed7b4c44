-- KEYS: key, index   ARGV: member   1 | 0
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
