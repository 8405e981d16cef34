"""How well documents are read: the product's own reader against documents of known truth."""
