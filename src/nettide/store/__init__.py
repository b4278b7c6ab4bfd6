"""Models on disk: atomic, hashed, never unpickled."""
