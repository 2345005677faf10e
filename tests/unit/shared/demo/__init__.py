"""Tests of `shared.demo`."""
