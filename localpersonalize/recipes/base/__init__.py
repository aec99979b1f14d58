"""What every family of recipes is built on: training data, models, hyperparameters, and how models are stored."""
