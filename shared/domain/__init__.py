"""Vocabulary and rules, free of every framework but pydantic."""
