"""Drawn objects become a stored result."""
