"""What web and worker have in common; imports neither."""

__version__ = "0.1.0"
