"""A celltally somewhere, used over its public interfaces as any script would."""
