-- Rate limits (GCRA): take tokens for many asks from many buckets in one round trip.
--
-- KEYS   one per bucket; each holds the bucket's "theoretical arrival time" in microseconds
-- ARGV   one MessagePack text, for every argument of its own has to be parsed: {kinds, of, asks}
--        kinds  {microseconds between two tokens, burst, tokens kept back for critical asks} of those that are alike;
--               or, of gates: {0, the longest one can be closed in microseconds, 0}; its key holds when it opens
--        of     for each of KEYS the position of its kind (from 1)
--        asks   one after the other: 1 when critical, tokens wanted, number of buckets, their positions in KEYS (from 1)
-- returns per ask: tokens granted, microseconds until the next one is free (0 when all were granted), and the position
--         of the bucket that is free last (0 when all were granted)
--
-- The same rule in Python, for when Redis is out: channels_app/rules/gcra.py. One table of tests runs against both.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local kinds, of, asks = unpack(cmsgpack.unpack(ARGV[1]))
local buckets = {}
local kept_at = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  local interval, size, kept = unpack(kinds[of[i]])
  local gate = interval == 0
  local room = gate and size or interval * size
  local ahead = tonumber(kept_at[i] or now) - now
  -- A clock that was set back must not close a bucket for longer than it takes to refill.
  ahead = math.min(math.max(ahead, 0), room)
  buckets[i] = {interval = interval, room = room, ahead = ahead, kept = kept, gate = gate, taken = false}
end

local function free(bucket, kept, wanted)
  if bucket.gate then return bucket.ahead > 0 and 0 or wanted end
  return math.floor((bucket.room - bucket.ahead) / bucket.interval + 0.000001) - kept
end

local function wait_of(bucket, kept)
  if bucket.gate then return bucket.ahead end
  return bucket.ahead + (1 + kept) * bucket.interval - bucket.room
end

local answer = {}
local at = 1
while at <= #asks do
  local critical, wanted, count = asks[at] == 1, asks[at + 1], asks[at + 2]
  local granted, wait, by = wanted, 0, 0
  for j = at + 3, at + 2 + count do
    local bucket = buckets[asks[j]]
    granted = math.max(math.min(granted, free(bucket, critical and 0 or bucket.kept, wanted)), 0)
  end
  for j = at + 3, at + 2 + count do
    local bucket = buckets[asks[j]]
    if granted > 0 and not bucket.gate then
      bucket.ahead = bucket.ahead + granted * bucket.interval
      bucket.taken = true
    end
    if granted < wanted then
      local found = wait_of(bucket, critical and 0 or bucket.kept)
      if found > wait then wait, by = found, asks[j] end
    end
  end
  answer[#answer + 1] = granted
  answer[#answer + 1] = math.ceil(wait)
  answer[#answer + 1] = by
  at = at + 3 + count
end

for i, bucket in ipairs(buckets) do
  if bucket.taken then
    local left = math.ceil(bucket.ahead / 1000) + 1
    redis.call('SET', KEYS[i], string.format('%.2f', now + bucket.ahead), 'PX', left)
  end
end
return answer
