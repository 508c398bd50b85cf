"""From features to one network: the losses, what batches are drawn, and the loop that trains every row."""
