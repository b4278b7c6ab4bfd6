"""Seeded synthetic traffic whose truth is known."""
