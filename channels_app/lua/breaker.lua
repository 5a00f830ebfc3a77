-- Circuit breaker: ask for calls, or tell how calls went.
--
-- KEYS   one hash per account: state (closed, open, half_open), window (last outcomes, 1 = failure), since (ms), probes, heard
-- ARGV   verb (allow, record, look), now (ms), threshold percent, timeout (ms),
--        window size, least calls, probes, good probes needed, then for allow: n; for record: outcomes, oldest first
-- returns granted, state before, state now, window, since, probes left, good probes heard
--
-- The same rule in Python, for when Redis is out: channels_app/rules/breaker.py. One table of tests runs against both.
local kept = redis.call('HMGET', KEYS[1], 'state', 'window', 'since', 'probes', 'heard')
local verb, now = ARGV[1], tonumber(ARGV[2])
local threshold, timeout = tonumber(ARGV[3]), tonumber(ARGV[4])
local size, least, probes_given, good_needed = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local state, window = kept[1] or 'closed', kept[2] or ''
local since, probes, heard = tonumber(kept[3] or now), tonumber(kept[4] or 0), tonumber(kept[5] or 0)
local before, granted = state, 0

-- The clock of whoever wrote this was ahead of ours: nobody waits longer than one timeout from now.
if since > now then since = now end

if verb == 'allow' then
  local n = tonumber(ARGV[9])
  if state ~= 'closed' and now - since >= timeout then
    state, since, probes, heard = 'half_open', now, probes_given, 0
  end
  if state == 'closed' then
    granted = n
  elseif state == 'half_open' then
    granted = math.min(n, probes)
    probes = probes - granted
  end
elseif verb == 'record' then
  local outcomes = ARGV[9]
  local _, failures = string.gsub(outcomes, '1', '')
  if state == 'closed' then
    window = string.sub(window .. outcomes, -size)
    local _, failed = string.gsub(window, '1', '')
    if #window >= least and failed * 100 >= threshold * #window then
      state, since, window, probes, heard = 'open', now, '', 0, 0
    end
  elseif state == 'half_open' then
    heard = heard + #outcomes - failures
    if failures > 0 then
      state, since, probes, heard = 'open', now, 0, 0
    elseif heard >= good_needed then
      state, since, probes, heard = 'closed', now, 0, 0
    end
  end
end

if verb ~= 'look' then
  redis.call('HSET', KEYS[1], 'state', state, 'window', window, 'since', string.format('%.0f', since), 'probes', probes, 'heard', heard)
  redis.call('PEXPIRE', KEYS[1], math.max(3600000, 2 * timeout))
end
return {granted, before, state, window, string.format('%.0f', since), probes, heard}
