"""The naive build: how most teams begin. One Celery task per notification, the ORM row by row, Celery as it comes.

A Django project of its own, with its own settings and tables; Carillon's settings never see it.
"""
