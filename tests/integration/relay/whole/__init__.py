"""The relay as operators start it, between a real database and real browsers."""
