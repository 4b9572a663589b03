"""One file a task kind: how its examples become token rows, what head it has, its loss, and how logits are decoded."""
