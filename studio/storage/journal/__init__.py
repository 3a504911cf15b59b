"""What a crash must not take: open paintings and what was asked for, as they were a second ago."""
