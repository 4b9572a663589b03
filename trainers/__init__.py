"""From a recipe to stages, and from stages to trained and scored models."""
