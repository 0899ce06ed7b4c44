-- KEYS: fence   ARGV: the least that the next is greater than
local given = tonumber(redis.call('GET', KEYS[1]) or '0')
redis.call('SET', KEYS[1], fmt(math.max(given, tonumber(ARGV[1]))))
return 1
