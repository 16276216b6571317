"""The objects that the stages hand to each other. This package describes them and never changes them."""
