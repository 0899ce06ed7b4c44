-- KEYS: permits, about   {taken, limit, label} | {}
local taken = redis.call('ZCOUNT', KEYS[1], '(' .. fmt(clock()), '+inf')
local about = redis.call('HMGET', KEYS[2], 'limit', 'label')
if taken == 0 or not about[1] then return {} end
return { taken, about[1], about[2] }
