-- How full buckets are: looking changes nothing.
--
-- KEYS   one per bucket or gate, as in limits.lua
-- returns per key: how far what it holds lies ahead of now, in microseconds; 0 when it is untouched
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local answer = {}
for i = 1, #KEYS do
  answer[i] = math.ceil(math.max(tonumber(redis.call('GET', KEYS[i]) or now) - now, 0))
end
return answer
