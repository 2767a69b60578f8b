-- Another body to be answered each time: the query is what the resource echoes.
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/echo?" .. n)
end
