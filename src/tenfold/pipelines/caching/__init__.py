"""What a step is found by: the code it reaches, its key; why it ran, and what a run would do."""
