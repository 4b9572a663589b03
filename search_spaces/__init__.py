"""What may vary: axes, the simplex, YAML spaces, and the Optuna study that samples them."""
