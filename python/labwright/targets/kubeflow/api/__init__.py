"""KFP's HTTP API, v2beta1, by its resources."""
