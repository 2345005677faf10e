"""Rows 15 and 20: the dispatcher dies at the worst moment, is there twice, and is fair."""
