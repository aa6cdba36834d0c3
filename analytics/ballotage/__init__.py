"""The ballotage: conditions a prospect meets or misses, and the verdict that follows."""
