"""`python -m tune_jobs` is `crosslift`, also where the package is a folder that travelled and is not installed."""

from tune_jobs.commands.main import main

main()
