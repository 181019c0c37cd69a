"""The wall: what boxes and cameras last said and showed."""
