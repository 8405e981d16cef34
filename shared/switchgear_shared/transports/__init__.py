"""Thin adapters from a wire to the call pipeline."""
