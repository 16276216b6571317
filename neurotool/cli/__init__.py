"""The command line, one file per verb. It parses and prints, and decides nothing."""
