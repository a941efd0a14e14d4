"""Synthetic soundscapes for the ten scenes: nothing in them was ever recorded anywhere."""
