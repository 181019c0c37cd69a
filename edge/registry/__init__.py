"""Registers outside the box: vehicles with their permits, and waybills of dangerous goods."""
