"""The gallery: the library's face."""
