"""The open painting: its files, its history, and what the menus do to it."""
