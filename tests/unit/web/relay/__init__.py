"""Tests of `web.relay`."""
