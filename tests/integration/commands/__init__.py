"""Commands over a real database."""
