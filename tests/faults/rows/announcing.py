"""Rows 21 and 22: the stats process or the relay dies; what people see ends right."""
