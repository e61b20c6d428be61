"""Plain Python for the Snakefile: checks the configuration and turns experiments into runs."""
