"""What people corrected, turned into what the reader knows: templates and examples."""
