"""A simulated AudioSet: classes, their sounds and sprites, and the scenes they are mixed in."""
