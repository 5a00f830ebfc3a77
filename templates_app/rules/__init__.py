"""How words are filled in, without Django and without I/O."""
