"""The model router: language models that are asked where the local reading is in doubt."""
