"""Passwords and secret tokens: made, judged, hashed and checked here."""
