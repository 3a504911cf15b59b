"""Turning requests into pictures, off the UI thread. No Qt."""
