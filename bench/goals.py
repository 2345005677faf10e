"""The goals of contract.md section 6, and of the issues, for what is measured so far."""

from types import MappingProxyType

from bench.measurement import Goal

GOALS = MappingProxyType(
    {
        "pipeline.cpu_per_image": Goal("ratio", "<=", 1.3),
        "pipeline.throughput": Goal("ratio", ">=", 0.95),
        "stats.update_1e6": Goal("ratio", "<=", 1.5),
        "stats.read_1e6": Goal("value", "<=", 2),
        "writes.contended": Goal("ratio", ">=", 0.75),
        "dispatch.query_100k": Goal("value", "<=", 5),
        "stats.events_bulk_5000": Goal("ratio", "<=", 0.02),
        "stats.staleness_p99": Goal("value", "<=", 1000),
        "dispatch.jain": Goal("value", ">=", 0.95),
    }
)
