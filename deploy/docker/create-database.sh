#!/bin/sh
# Run once by the postgres image, on an empty volume: a login that owns its database and is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$CARILLON_DATABASE_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE carillon_owner LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD :'password';
CREATE DATABASE carillon OWNER carillon_owner;
SQL
