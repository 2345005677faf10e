"""Who is told and who is cut off when access changes."""
