-- KEYS: key, index   ARGV: owner epoch outcome(D|X|U|R) fingerprint status location answer ttl_ms member   1 | 0
local now = clock()
local r = redis.call('HMGET', KEYS[1], 'ow', 'ep', 'fp')
if r[1] ~= ARGV[1] or r[2] ~= ARGV[2] then return 0 end
if ARGV[3] == 'R' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[9])
  return 1
end
redis.call('HDEL', KEYS[1], 'an')
redis.call('HSET', KEYS[1], 'st', ARGV[3], 's', ARGV[5], 'lo', ARGV[6])
if ARGV[3] == 'D' then redis.call('HSET', KEYS[1], 'an', ARGV[7]) end
if r[3] == '' then redis.call('HSET', KEYS[1], 'fp', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[8])
index(KEYS[2], ARGV[9], now + tonumber(ARGV[8]) * 1000, now)
return 1
