"""Runs a bundle: schedules its parts over targets and moves values across the boundaries."""
