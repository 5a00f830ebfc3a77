"""What is a good address, and what a profile changes about a person."""
