"""Tests with real servers and processes, in homes of their own."""
