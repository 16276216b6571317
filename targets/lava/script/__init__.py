"""What ``neurotool export --format lava-script`` copies: a plain Lava script that needs no neurotool to run."""
