-- How many different things were done to one message lately.
--
-- KEYS[1]  of the message
-- ARGV[1]  what was done
-- ARGV[2]  milliseconds from the first of them on that count as lately
-- returns  {how many, with this one}
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {redis.call('SCARD', KEYS[1])}
