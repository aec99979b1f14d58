"""What is counted while rows are written."""
