"""A notebook executed as it stands, top to bottom, without a kernel: `labwright exec`, papermill.

Nothing here imports nbformat, papermill or pydantic on the way of a Python notebook: the whole
process is to be done before they would have been imported.
"""
