"""People: who can be reached where, the lists they are on, and their inbox."""
