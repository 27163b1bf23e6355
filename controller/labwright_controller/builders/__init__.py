"""What a Notebook becomes: pure functions from a Notebook to the objects of the cluster."""
