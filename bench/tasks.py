"""Names of the tasks that only benchmarks have."""

FLOOR = "bench.floor"
