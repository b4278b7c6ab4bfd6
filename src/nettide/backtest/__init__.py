"""Rolling-origin evaluation of any models on one panel."""
