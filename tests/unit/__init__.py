"""Tests without network and database; the folders are those of the code."""
