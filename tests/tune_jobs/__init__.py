"""Tests of `tune_jobs`."""
