"""The pretrained network: one set of weights for steps from minutes to a day, used as it is or tuned."""
