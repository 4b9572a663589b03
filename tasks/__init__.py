"""What is learned and how it is scored: declarations, readers, parts, metrics, cells. Knows neither ray nor torch."""
