-- Another address each time.
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/?" .. n)
end
