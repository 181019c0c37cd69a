"""Evidence: a folder per lead that proves it, chained and signed."""
