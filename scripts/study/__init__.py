"""The telling of the study: data, comparisons, measurements, claims, and how all of it is shown.

Steps of the workflow are made of it and of the library, `vae`; it is not installed with that.
"""
