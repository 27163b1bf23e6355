"""What a notebook server and a volume are, whatever target has them. Pure: nothing is read."""
