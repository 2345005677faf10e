"""Rows 11, 18 and 19: people upload, cancel and delete while things break."""
