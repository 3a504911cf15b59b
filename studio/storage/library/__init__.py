"""Every picture ever made here: PNG files in folders, and the database that finds them."""
