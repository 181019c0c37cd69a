"""Rendered roads with known truth: what the samples show and what the networks learn beside real pictures."""
