"""Where segments come from. Each source gives a manifest, its classes and what is missing."""
