"""What happened on a day, written beside the costs of that day."""
