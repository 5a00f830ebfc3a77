"""How Carillon is deployed: on one machine (`local`), in containers (`Dockerfile`, `docker-compose.yml`)."""
