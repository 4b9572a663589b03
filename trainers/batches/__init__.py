"""Which examples a step reads: streams, mixtures and masks, all of them functions of (seed, step, slot)."""
