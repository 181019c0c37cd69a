"""How the work goes: sums by day, kept up as leads come and are decided."""
