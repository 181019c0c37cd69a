"""The console, and the doors over HTTP."""
