"""Looking into bundles and programs, where they lie on the cores, and other formats of them."""
