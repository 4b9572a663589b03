"""What each stage kind does when its turn comes: one file a kind, from a spec and a session to files and facts."""
