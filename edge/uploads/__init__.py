"""Uploads: the evidence and the cameras' last pictures on their way from the box to the hub."""
