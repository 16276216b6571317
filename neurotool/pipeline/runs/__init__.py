"""A bundle or a chip program that is run: as one model, in batches, going on where another run stopped."""
