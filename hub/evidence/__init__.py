"""Evidence at the hub: fetched from the boxes, kept unaltered, shown to who may see it."""
