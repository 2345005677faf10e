"""Its own process: pushes events to browsers."""
