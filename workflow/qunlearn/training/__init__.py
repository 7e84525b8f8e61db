"""The trainer: schedules, losses, streams of minibatches, and the loop that all models share."""
