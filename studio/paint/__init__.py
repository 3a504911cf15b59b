"""Pixels of the document: tiles, layers, brush, compositor, undo. QtGui, no widgets."""
