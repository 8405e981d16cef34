"""The story of the README, run for real and checked claim by claim."""
