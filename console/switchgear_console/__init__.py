"""The operations console: the suite's queues in a browser, for people who work through them."""
