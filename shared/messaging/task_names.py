"""The tasks that may be asked for by name; the worker registers exactly these."""

SEGMENT = "celltally.segment"
INGEST = "celltally.ingest"
RECOMPUTE_STATS = "celltally.recompute_stats"
RECOMPUTE_DASHBOARD = "celltally.recompute_dashboard"
EXPORT = "celltally.export"
PREVIEW = "celltally.preview"
