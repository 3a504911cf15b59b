"""Wiring: the command line, the object graph and the controllers."""
