"""The conductor's routes: strategies and dead letters."""
