"""The quantum neural network's circuit: its gates, its light cone, and two exact ways to evaluate
it."""
