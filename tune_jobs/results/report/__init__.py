"""A sweep as one page: what is in it, its figures, and the HTML."""
