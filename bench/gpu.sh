#!/usr/bin/env bash
# Measures training steps of stacked runs on an accelerator with the XLA engine, in under 8 minutes, into a JSON file.
# Needs Node, this project's sources and packages, and an XLA plugin that `pnpm run setup:xla` or Python's packages have.
#
#     bench/gpu.sh cuda results.json
set -euo pipefail
cd "$(dirname "$0")/.."
device=${1:-cuda}
output=${2:-bench/results/accelerator-$device.json}
timeout "${LIMIT_S:-450}" node bench/accelerator/main.ts --device "$device" --stacks "${STACKS:-1,4,16,64}" \
  --steps "${STEPS:-200}" >"$output.part"
mv "$output.part" "$output"
echo "written: $output"
