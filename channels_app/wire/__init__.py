"""HTTP towards providers: connections that stay open, one deadline per call, and no word about what did not go out."""
