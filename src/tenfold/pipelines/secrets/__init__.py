"""Secrets: kept sealed, given to the steps that ask, masked in all they print."""
