"""The words that cross borders: values, pages, freshness, callers, events."""
