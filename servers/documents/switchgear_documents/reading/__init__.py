"""Turning a stranger's file into a Reading, in a process that may die of it."""
