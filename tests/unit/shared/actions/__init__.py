"""Actions, as far as they need no database."""
