"""A client of Tryton 8.2: reads by REST, changes by RPC, refusals in our words."""
