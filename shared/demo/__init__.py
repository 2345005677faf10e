"""The main job once, on a system of its own, as `celltally demo` shows it."""
