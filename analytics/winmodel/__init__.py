"""The win model: which open deals are likely to be won, judged before it may speak."""
