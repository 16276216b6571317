"""Fine-tuning of rounded models: the integer engine runs forward, torch finds the gradient."""
