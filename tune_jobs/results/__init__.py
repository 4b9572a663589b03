"""What a sweep amounts to, read from the store alone: leaderboard, lift, best, final, export; and its plan."""
