"""Pixels in: a source becomes frames with a capture time; the same packets become clips."""
