-- KEYS: key   {state, status, lease_remaining_us, expires_in_ms, label, fingerprint} | {}
local now = clock()
local r = redis.call('HMGET', KEYS[1], 'st', 's', 'le', 'lb', 'fp')
if not r[1] then return {} end
local lease = tonumber(r[3]) - now
if r[1] == 'P' and lease <= 0 then r[1] = 'U' end
return { r[1], r[2] or '', fmt(lease), redis.call('PTTL', KEYS[1]), r[4], r[5] or '' }
