"""Where data come from: each kind of dataset, and the files that it is read from."""
