-- KEYS: key, index   ARGV: fingerprint owner lease_us ttl_ms on_lost(r|u) label member
-- {'N', epoch} | {'B', fingerprint, remaining_us} | {'M'} | {'D', fingerprint, answer}
-- {'X', fingerprint, status, location} | {'U', fingerprint}
local now = clock()
local function take(epoch)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'st', 'P', 'fp', ARGV[1], 'ow', ARGV[2], 'le', fmt(now + tonumber(ARGV[3])),
    'ep', fmt(epoch), 'lb', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  index(KEYS[2], ARGV[7], now + tonumber(ARGV[4]) * 1000, now)
  return { 'N', fmt(epoch) }
end
local r = redis.call('HMGET', KEYS[1], 'st', 'fp', 'le', 'ep')
local state, fingerprint = r[1], r[2]
if not state then return take(1) end
if fingerprint ~= '' and ARGV[1] ~= '' and fingerprint ~= ARGV[1] then return { 'M' } end
if state == 'D' then return { 'D', fingerprint, redis.call('HGET', KEYS[1], 'an') } end
if state == 'X' then
  local x = redis.call('HMGET', KEYS[1], 's', 'lo')
  return { 'X', fingerprint, x[1], x[2] }
end
if state == 'P' and tonumber(r[3]) > now then return { 'B', fingerprint, fmt(tonumber(r[3]) - now) } end
if ARGV[5] == 'r' then return take(tonumber(r[4]) + 1) end
if state == 'P' then redis.call('HSET', KEYS[1], 'st', 'U') end
return { 'U', fingerprint }
