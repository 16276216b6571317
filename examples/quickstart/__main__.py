"""Trains the network and writes ``digits-train.npz`` and ``digits-test.npz`` into the current directory."""

from pathlib import Path

from . import data
from .train import accuracy, trained


def main() -> None:
    """Do both and say what was done."""
    network = trained()
    digits = data.load()
    train_file, test_file = data.write(Path.cwd(), digits)
    print(f"float test accuracy {accuracy(network, digits.test_x, digits.test_y):.1%}")
    print(f"wrote {train_file.name} ({len(digits.train_y)} images) and {test_file.name} ({len(digits.test_y)} images)")


if __name__ == "__main__":
    main()
