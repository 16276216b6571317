"""Our own Lava processes, each family in a package of its own.

When Lava looks for the model of a process it executes every module in the folder of that process, and again for every
module it finds there. A package without modules spares it that: in one folder the search takes 60 ms per process.
"""
