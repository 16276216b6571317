"""NetX files, lava-dl's HDF5 format for trained networks, to chip programs and back; without lava-dl."""

from neurotool.converters.netx.format import NetxFormat

__all__ = ["FORMAT"]

FORMAT = NetxFormat()
