"""What is said: every message that crosses the wire, its topic and its signature."""
