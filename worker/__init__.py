"""The process that segments."""
