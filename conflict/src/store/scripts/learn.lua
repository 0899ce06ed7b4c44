-- KEYS: version   ARGV: generation tag most version_ttl_ms   1 | 0
local v = redis.call('HMGET', KEYS[1], 'g', 'd', 't')
if v[1] ~= ARGV[1] or v[2] then return 0 end
local tags, most = {}, tonumber(ARGV[3])
for tag in string.gmatch(v[3] or '', '[^,]+') do
  if tag == ARGV[2] then
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return 1
  end
  tags[#tags + 1] = tag
end
tags[#tags + 1] = ARGV[2]
while #tags > most do table.remove(tags, 1) end
redis.call('HSET', KEYS[1], 't', table.concat(tags, ','))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
