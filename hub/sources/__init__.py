"""Other sources than boxes: a hot line, informants, other departments."""
