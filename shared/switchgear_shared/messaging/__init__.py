"""NATS JetStream under one typed bus: outbox, inbox, consumers, timers, dead letters."""
