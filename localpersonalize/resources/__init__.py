"""What each operation does: one file a kind of resource."""
