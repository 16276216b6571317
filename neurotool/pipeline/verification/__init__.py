"""Proof that every form of a model computes the same: source, float reference, integer engine, Lava."""
