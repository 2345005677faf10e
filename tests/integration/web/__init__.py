"""The pages and the API over a real database."""
