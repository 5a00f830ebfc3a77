"""What push providers need beside their one file: the libraries of their services, tamed."""
