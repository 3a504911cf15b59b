"""The window and its widgets. Knows core and paint only."""
