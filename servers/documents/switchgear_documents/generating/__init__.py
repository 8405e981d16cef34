"""Documents of our own invention, of every type and in six languages, with the truth about each.

No word of them comes from a real document: phrases, names and numbers stand in `phrases/` or are
drawn. They train the classifier where real examples are few, and give the tests something to read.
"""
