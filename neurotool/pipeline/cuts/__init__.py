"""Which cut of a model between chip and torch: what each would cost, and which is best."""
