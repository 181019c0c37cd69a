"""What comes in: judged, taken once, answered."""
