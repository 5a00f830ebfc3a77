"""What the container image and docker-compose.yml need besides the code."""
