-- Publish one message: number it, keep it, wake the relays. All or nothing.
-- KEYS: 1 meta, 2 stream, 3 idempotency mark
-- ARGV: 1 "state" or "event", 2 pub/sub name, 3 body, 4 version ("" for events),
--       5 epoch to begin with, 6 entries kept, 7 seconds kept, 8 seconds of meta
-- Returns the offset, or 0 when the message is not new.
local meta, stream = KEYS[1], KEYS[2]
local is_state = ARGV[1] == 'state'

if is_state then
  local seen = redis.call('HGET', meta, 'version')
  if seen and tonumber(ARGV[4]) <= tonumber(seen) then return 0 end
elseif not redis.call('SET', KEYS[3], '', 'NX', 'EX', ARGV[7]) then
  return 0
end

local epoch = redis.call('HGET', meta, 'epoch')
if not epoch then
  epoch = ARGV[5]
  redis.call('DEL', stream) -- Entries without their epoch are of no use to anybody.
  redis.call('HSET', meta, 'epoch', epoch)
end

local offset = redis.call('HINCRBY', meta, 'offset', 1)
if is_state then
  redis.call('HSET', meta, 'version', ARGV[4], 'body', ARGV[3])
else
  redis.call('XADD', stream, 'MAXLEN', '~', ARGV[6], offset .. '-0', 'body', ARGV[3])
  redis.call('EXPIRE', stream, ARGV[7])
end
-- The numbers outlive the messages, so that "missed too much" can be told from "nothing new".
redis.call('EXPIRE', meta, ARGV[8])
redis.call('PUBLISH', ARGV[2], epoch .. ' ' .. offset .. ' ' .. ARGV[3])
return offset
