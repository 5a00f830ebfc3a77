"""Partials: named fragments that templates, layouts and other partials render, put in their places at publishing."""
