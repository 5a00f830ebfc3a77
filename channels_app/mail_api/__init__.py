"""E-mail through the APIs of providers: what all of them share. What is peculiar to one is in `providers/`."""
