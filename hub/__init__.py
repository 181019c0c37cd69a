"""What is done: a lead is received, stored and answered."""
