"""Learning the classifier from documents of known type; nothing of this runs in the pipeline."""
