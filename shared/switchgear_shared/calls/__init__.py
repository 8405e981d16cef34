"""The call pipeline: a Call goes in, an Outcome comes out; no SDK and no HTTP in here."""
