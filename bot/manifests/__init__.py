"""What Slack and Teams have to be told about us, made from the command registry."""
