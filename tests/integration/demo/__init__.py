"""`celltally demo`, whole."""
