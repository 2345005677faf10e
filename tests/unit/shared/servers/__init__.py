"""Tests of `shared.servers` that start nothing."""
