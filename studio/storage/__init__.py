"""Files and databases: pictures, recipes, the library, settings. No widgets, no torch."""
