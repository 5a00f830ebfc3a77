"""What every API route of Carillon stands on: callers, bodies, problems, pages, transactions, schema."""
