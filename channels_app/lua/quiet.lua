-- Close gates for a while; one that is closed for longer already stays as it is.
--
-- KEYS   one per gate; each holds the moment it opens, in microseconds
-- ARGV   per gate: how long it is closed from now, in microseconds
-- returns per gate: how long it is closed from now, in microseconds
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local answer = {}
for i = 1, #KEYS do
  local until_us = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), now + tonumber(ARGV[i]))
  local left = until_us - now
  redis.call('SET', KEYS[i], string.format('%.0f', until_us), 'PX', math.ceil(left / 1000) + 1)
  answer[i] = math.ceil(left)
end
return answer
