"""The view of the document and the tools that paint in it."""
