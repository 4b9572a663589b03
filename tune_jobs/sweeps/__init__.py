"""A sweep's life: its event log, its trials, what they are sampled from and compared by, and the driver."""
