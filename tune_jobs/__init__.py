"""The service: the command line, sweeps, the broker, and results."""
