"""The encoder, its heads, and what trains it."""
