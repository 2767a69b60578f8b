-- A form of 1 KiB.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "name=Ada+Lovelace&text=" .. string.rep("a%20b+", 167)
wrk.body = wrk.body:sub(1, 1021) .. "end"
