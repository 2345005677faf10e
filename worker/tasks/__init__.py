"""Celery tasks: a decorator and one call each."""
