"""Pixels in, labels out: the plug-ins."""
