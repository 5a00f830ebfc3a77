-- How accounts did: add the counts of a batch, or read those of some minutes.
--
-- KEYS   one hash per account and minute: field 1 successes, 2 failures, 3 and on calls by the time they took
-- ARGV   add, seconds to keep, then field and number, field and number, …
--        or read, number of fields
-- returns for read: per key, the numbers of all fields
if ARGV[1] == 'add' then
  for i = 3, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  end
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return {}
end
local answer = {}
for i = 1, #KEYS do
  for field = 1, tonumber(ARGV[2]) do
    answer[#answer + 1] = tonumber(redis.call('HGET', KEYS[i], field) or 0)
  end
end
return answer
