"""Exports, from the request to the file and to its end."""
