"""What the app talks about: requests, recipes, jobs, settings. Standard library only."""
