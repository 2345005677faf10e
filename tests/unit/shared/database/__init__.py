"""Twins of shared/database."""
