"""The Jupyter Server extension of Labwright."""
