"""Plain Python that every floor may stand on: no Django, no settings, no database models."""
