"""The commands behind the command line, by what they are for."""
