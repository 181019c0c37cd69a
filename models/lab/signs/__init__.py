"""The network that reads signs: plates, panels and diamonds drawn by the thousand, its training, its figures."""
