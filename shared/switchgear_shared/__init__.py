"""What every Switchgear server shares: contracts, the call pipeline, governance, messaging."""
