"""The two Lua scripts that ship beside the code."""

from importlib.resources import files


def lua(name: str) -> str:
    """Return the source of the script *name*."""
    return (files(__package__) / f"{name}.lua").read_text()
