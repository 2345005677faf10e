"""Tests of `shared.messaging`."""
