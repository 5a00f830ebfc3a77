"""What tenants decides: which scope opens what, what a key looks like, when two requests are the same."""
