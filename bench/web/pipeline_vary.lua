-- Sixteen requests in one go, each for another body.
local n = 0
request = function()
  local parts = {}
  for i = 1, 16 do
    n = n + 1
    parts[i] = wrk.format("GET", "/echo?" .. n)
  end
  return table.concat(parts)
end
