"""Who runs what: the broker that owns stages, and the serial lane that runs them in this process."""
