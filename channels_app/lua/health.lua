-- How accounts did: add the counts of a batch, or read those of some minutes.
--
-- KEYS   one hash per account and minute: field 1 successes, 2 failures, 3 and on calls by the time they took
--        and for add a second key: one hash per account with what was heard last
-- ARGV   add, seconds to keep, number of words, then name and word for each, then field and number, field and number, …
--        or read, number of fields
--        or last
-- returns for read: per key, the numbers of all fields; for last: names and words of the one key
if ARGV[1] == 'add' then
  local words = tonumber(ARGV[3])
  for i = 4, 3 + 2 * words, 2 do
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
  for i = 4 + 2 * words, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  end
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call('EXPIRE', KEYS[2], 604800)
  return {}
end
if ARGV[1] == 'last' then return redis.call('HGETALL', KEYS[1]) end
local answer = {}
for i = 1, #KEYS do
  for field = 1, tonumber(ARGV[2]) do
    answer[#answer + 1] = tonumber(redis.call('HGET', KEYS[i], field) or 0)
  end
end
return answer
