"""Leaf rules and update conventions for Norse modules, used by the torch tracer.

What belongs here: how one Norse class becomes one NIR node under the convention ``norse``, and which classes cannot.
"""
