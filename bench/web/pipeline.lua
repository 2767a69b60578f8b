-- Sixteen requests in one go.
init = function()
  local parts = {}
  for i = 1, 16 do parts[i] = wrk.format("GET", "/") end
  pipelined = table.concat(parts)
end
request = function() return pipelined end
