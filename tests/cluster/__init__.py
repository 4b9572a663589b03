"""A cluster of real parts on this machine: hosts that are reached by ssh, and an S3 server. Needs root."""
