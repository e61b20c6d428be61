"""Colours of images, and how many numbers a pixel has in each."""

CHANNELS = {"grey": 1, "rgb": 3}
