-- One request at one or two limits: KEYS; ARGV: cost, look, and of each limit how many
-- requests and the step in ns. Answers for each whether it fits and the backlog in ns.
-- A bucket is kept as its backlog at a moment: numbers are exact up to 2^53, which ns
-- since 1970 are beyond. What is lost to rounding in windows of more than 100 days is a
-- few ns, less than the millionth of a step that is allowed for here.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local cost, look = tonumber(ARGV[1]), ARGV[2] == '1'
local levels, all = {}, true
for i, key in ipairs(KEYS) do
  local burst, step = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i])
  local full, was = burst * step, redis.call('HMGET', key, 'backlog', 'at', 'step')
  local backlog = 0
  if was[1] then
    backlog = math.max(was[1] - math.max(now - was[2], 0) * 1000, 0)
    if tonumber(was[3]) ~= step then -- the limit was changed: requests keep their number
      backlog = math.ceil(backlog / was[3] * step)
    end
    backlog = math.min(backlog, full)
  end
  local fits = cost == 0 or cost > 0 and cost <= burst and backlog + cost * step <= full + step / 1000000
  all = all and fits
  levels[i] = {key, backlog, step, fits}
end
local answer = {}
for i, level in ipairs(levels) do
  if all and cost > 0 and not look then
    level[2] = level[2] + cost * level[3]
    redis.call('HSET', level[1], 'backlog', string.format('%.0f', level[2]), 'at', string.format('%.0f', now), 'step', string.format('%.0f', level[3]))
    redis.call('PEXPIRE', level[1], math.ceil(level[2] / 1000000) + 1000)
  end
  answer[2 * i - 1], answer[2 * i] = level[4] and 1 or 0, level[2]
end
return answer
