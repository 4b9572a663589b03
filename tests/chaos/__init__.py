"""Sweeps on a cluster whose processes are killed and whose store fails at random moments, and what must hold."""
