"""Composition: settings, routes, workers and health. Knows every app; no app knows it."""
