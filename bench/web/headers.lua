-- Ten headers to be read.
for i = 0, 9 do wrk.headers["X-In-" .. i] = "value of " .. i end
