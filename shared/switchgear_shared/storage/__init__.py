"""Databases, files and HTTP: what servers keep and reach, behind small doors."""
