"""The command line `crosslift`: one file a command."""
