"""Networks that enlarge pictures, and the files that their weights come in."""
