"""How fast an update is: tasks, the engines that compete on them, and the floor that the machine sets."""
