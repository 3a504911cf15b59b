"""What pictures of other programs tell of how they were made."""
