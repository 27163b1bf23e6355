"""A notebook as a pipeline: model, compile to KFP's IR, export as kfp Python."""
