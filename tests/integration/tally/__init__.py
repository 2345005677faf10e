"""The tally: triggers, folds, reads, and the storm that may not move it."""
