"""Losses, pre-training, fine-tuning and evaluation."""
