"""Our own Lava processes. Lava imports every module beside a process, so nothing else may stand in this folder."""
