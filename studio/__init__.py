"""Underpaint: a desktop app in which a person and a local diffusion model paint together."""

__version__ = "0.1.0"
