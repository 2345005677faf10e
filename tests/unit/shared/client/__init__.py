"""Tests of `shared.client`."""
