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
        "segment.classical.s_per_mpx": Goal("ratio", "<=", 1.1),
        "segment.spheroid.s_per_mpx": Goal("ratio", "<=", 1.1),
        "relay.cpu_per_delivery.1k": Goal("ratio", "<=", 0.8),
        "relay.cpu_per_delivery.10k": Goal("ratio", "<=", 1.0),
        "relay.fanout_p99.1k": Goal("ratio", "<=", 1.2),
        "relay.own_p99.1k": Goal("ratio", "<=", 1.5),
        "relay.burst.1k": Goal("ratio", ">=", 0.8),
        "relay.handshakes": Goal("ratio", ">=", 0.5),
        "relay.memory_per_socket.10k": Goal("value", "<=", 48),
        "relay.stalled_tab": Goal("ratio", ">=", 0.99),
        "relay.memory_after_rounds": Goal("ratio", "<=", 1.05),
        "live.commit_to_browser_p99": Goal("value", "<=", 150),
        "live.commit_to_browser_p99.conflated": Goal("value", "<=", 400),
        "live.revoke_p99": Goal("value", "<=", 1000),
        "measure.objects_per_s": Goal("value", ">=", 20_000),
        "upload.mb_per_s": Goal("ratio", ">=", 0.5),
        "export.50k_objects": Goal("value", "<=", 10),
        "export.50k_objects.memory": Goal("value", "<=", 200),
        "viewer.frame_p50.2000": Goal("value", "<=", 16.8),
        "viewer.frame_p95.2000": Goal("value", "<=", 33.5),
        "viewer.frame_p50.5000": Goal("value", "<=", 16.8),
        "viewer.settle.2000": Goal("value", "<=", 150),
        "viewer.hit.5000": Goal("value", "<=", 50),
    }
)
