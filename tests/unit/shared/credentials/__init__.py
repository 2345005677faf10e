"""Twins of shared/credentials."""
