-- Read where a channel stands and what it keeps, at one moment.
-- KEYS: 1 meta, 2 stream
-- ARGV: 1 offset to read after, 2 entries at most, 3 epoch to begin with, 4 seconds of meta,
--       5 epoch and 6 offset that the asking relay has delivered ("" and 0 when none)
-- Returns {epoch, offset, body or false, version or false, {entry...}}.
local meta, stream = KEYS[1], KEYS[2]
local kept = redis.call('HMGET', meta, 'epoch', 'offset', 'body', 'version')
local epoch, offset = kept[1], tonumber(kept[2] or 0)

-- A server that came back older than what was delivered would give numbers out twice; under
-- a new epoch every reader learns that its place is gone.
local rewound = epoch and epoch == ARGV[5] and offset < tonumber(ARGV[6])
if not epoch or rewound then
  epoch, offset = ARGV[3], 0
  redis.call('HSET', meta, 'epoch', epoch, 'offset', 0)
  redis.call('DEL', stream)
end
redis.call('EXPIRE', meta, ARGV[4])

local entries = {}
if offset > tonumber(ARGV[1]) then
  entries = redis.call('XRANGE', stream, (tonumber(ARGV[1]) + 1) .. '-0', '+', 'COUNT', ARGV[2])
end
return {epoch, offset, kept[3], kept[4], entries}
