"""Who may do what, with whose approval, and the record of it."""
