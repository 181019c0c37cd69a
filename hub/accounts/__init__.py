"""Who people are, and what each may do."""
