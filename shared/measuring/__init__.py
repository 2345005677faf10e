"""Labels in, measurements and outlines out: the one implementation of each number."""
