"""Tests of `shared.supervision` that start nothing."""
