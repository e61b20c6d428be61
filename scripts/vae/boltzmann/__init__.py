"""Boltzmann machines: a layer, the estimators made of layers, and what they draw and how likely."""
