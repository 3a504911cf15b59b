"""Photoshop documents."""
