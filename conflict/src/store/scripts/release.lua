-- KEYS: holders, index, version   ARGV: holder member end(c|a|-) fence tag version_ttl_ms
-- {entry or '', now, generation or ''}; the entry is there only if it was held until now
local now = clock()
local generation = ''
if ARGV[3] ~= '-' then
  local v = redis.call('HMGET', KEYS[3], 'g', 'f', 'd')
  if v[1] and v[2] == ARGV[4] then
    generation = v[1]
    if v[3] and ARGV[3] == 'c' then
      generation = fmt(redis.call('HINCRBY', KEYS[3], 'g', 1))
      redis.call('HSET', KEYS[3], 'c', fmt(now))
      if ARGV[5] == '' then redis.call('HDEL', KEYS[3], 't') else redis.call('HSET', KEYS[3], 't', ARGV[5]) end
    end
    redis.call('HDEL', KEYS[3], 'd')
    redis.call('PEXPIRE', KEYS[3], ARGV[6])
  end
end
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then return { '', fmt(now), generation } end
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[2]) end
if tonumber(string.match(entry, '^%a|(%d+)|')) <= now then entry = '' end
return { entry, fmt(now), generation }
