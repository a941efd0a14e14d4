-- Posts the recording that RECORDING names, and counts what is not answered by it.
local file = assert(io.open(os.getenv("RECORDING"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()

function done(summary, latency)
  io.write(string.format("%.1f requests/s, %d requests, median %.1f ms, p99 %.1f ms, %d errors\n",
    summary.requests / (summary.duration / 1e6), summary.requests, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
