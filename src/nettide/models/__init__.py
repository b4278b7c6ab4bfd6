"""The table of models: name -> where it lives; each is imported on use."""
