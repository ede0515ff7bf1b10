#!/usr/bin/env bash
# Greets whoever is named, or the world.
set -euo pipefail
printf 'Hello, %s!\n' "${1:-world}"
