"""Runs: queued, dispatched, claimed, settled, and found again when they were lost."""
