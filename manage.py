#!/usr/bin/env python
"""Runs a management command; `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

from config.processes import enter_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    enter_command(sys.argv[1] if len(sys.argv) > 1 else "help")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
