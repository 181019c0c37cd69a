"""What is there: a frame becomes detections, tracks and passages."""
