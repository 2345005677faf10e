"""Alembic's migrations: expand first, contract a release later."""
