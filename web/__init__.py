"""The processes that answer browsers."""
