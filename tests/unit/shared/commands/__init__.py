"""Tests of `shared.commands`."""
