"""Results as files of other programs: a module a format, and a ZIP that memory never holds."""
