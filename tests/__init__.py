"""Tests, from the pure and fast to whole systems."""
