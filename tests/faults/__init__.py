"""The fault harness: real processes are broken on purpose, and nothing may be lost or doubled."""
