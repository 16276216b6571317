"""What ``pytest --pyargs neurotool.testing`` collects."""
