"""From a clue to a filed case."""
