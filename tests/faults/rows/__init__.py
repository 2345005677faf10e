"""The rows of the failure matrix, each a function named as a sentence; a module a subject."""
