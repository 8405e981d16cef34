"""How a call survives a system that is slow, broken or full; one injected clock, no I/O."""
