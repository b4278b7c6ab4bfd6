"""The table of sources: name -> where it lives; each is imported on use."""
