-- KEYS: holders, fence, index, version
-- ARGV: mode(x|s) holder ttl_us detail member track(0|1) epochs_kept(0|1) most_shared version_ttl_ms
-- {'H', holder, entry, now} | {'G', fence, generation, dirty_before, tags, changed} | {'L'}: fences were lost
-- An entry is mode|expires|fence|detail.
local now = clock()
local mode, holder, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local all = redis.call('HGETALL', KEYS[1])
local count, alone, longest, shortest = 0, nil, nil, nil
for i = 1, #all, 2 do
  local m, e = string.match(all[i + 1], '^(%a)|(%d+)|')
  e = tonumber(e)
  if e <= now then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= holder then
    count = count + 1
    local entry = { all[i], all[i + 1], e }
    if m == 'x' then alone = entry end
    if not longest or e > longest[3] then longest = entry end
    if not shortest or e < shortest[3] then shortest = entry end
  end
end
local in_the_way = alone
if not in_the_way and mode == 'x' then in_the_way = longest end
if not in_the_way and count >= tonumber(ARGV[8]) then in_the_way = shortest end
if in_the_way then return { 'H', in_the_way[1], in_the_way[2], fmt(now) } end

local given = redis.call('GET', KEYS[2])
if not given and ARGV[7] == '1' then return { 'L' } end
local fence = math.max(tonumber(given or '0') + 1, now - BEGINNING)
redis.call('SET', KEYS[2], fmt(fence))
redis.call('HSET', KEYS[1], holder, mode .. '|' .. fmt(now + ttl) .. '|' .. fmt(fence) .. '|' .. ARGV[4])
last(KEYS[1], ttl / 1000)
index(KEYS[3], ARGV[5], now + ttl, now)
if ARGV[6] ~= '1' then return { 'G', fmt(fence) } end

local v = version(KEYS[4], now, ARGV[9])
local dirty = v[3] and '1' or '0'
if v[3] then
  v[1] = fmt(redis.call('HINCRBY', KEYS[4], 'g', 1))
  v[4] = nil
  redis.call('HDEL', KEYS[4], 't')
end
redis.call('HSET', KEYS[4], 'f', fmt(fence), 'd', '1')
return { 'G', fmt(fence), v[1], dirty, v[4] or '', v[5] or '' }
