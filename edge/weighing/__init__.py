"""Weighing: records of scales, and the vehicles they belong to."""
