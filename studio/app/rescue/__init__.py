"""What a crash must not take: journals, and their way back."""
