"""What a run notes down without being asked: code version, environment, use of the machine, console output."""
