#!/usr/bin/env bash
# Everything that is measured on an accelerator, in under 8 minutes, into one JSON file: the engine contract on `xla`, the
# bench's training steps on `xla`, PyTorch and JAX, stacks of runs, and what is left on the device. A part that fails or
# takes too long is named with its last line, and the others go on.
#
#     bench/gpu.sh cuda results.json
#
# Needs Node, this project's sources and packages, an XLA plugin that `pnpm run setup:xla` or Python's packages have, and
# for the other libraries a Python with PyTorch and JAX (PYTHON=python3). `cpu` tries the script itself.
set -uo pipefail
cd "$(dirname "$0")/.."
# The project's Node, where its packages are installed.
PATH="$PWD/node_modules/.bin:$PATH"
device=${1:-cuda}
output=$(realpath -m "${2:-bench/results/accelerator-$device.json}")
python=${PYTHON:-python3}
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
started=$(date +%s)

# part NAME SECONDS COMMAND...
part() {
  local name=$1 limit=$2 began
  shift 2
  began=$(date +%s)
  timeout --kill-after=5 "$limit" "$@" >"$parts/$name.out" 2>"$parts/$name.log"
  echo "$? $(($(date +%s) - began))" >"$parts/$name.code"
  echo "$name: exit code and seconds $(cat "$parts/$name.code")"
}

for program in ${PROGRAMS:-dense importance-weighted convolutional}; do
  part "steps-$program" "${STEP_SECONDS:-100}" node bench/main.ts --device "$device" --python "$python" \
    --rounds "${ROUNDS:-2}" --programs "$program" --out "$parts/$program" \
    --competitors "${COMPETITORS:-xla,jax,torch-compiled,torch-graphs}"
done
part stacks "${STACK_SECONDS:-80}" node bench/accelerator/main.ts --device "$device" --stacks "${STACKS:-1,4,16,64}" \
  --seconds "${SECONDS_EACH:-5}"
VAE_XLA_DEVICE=$device VAE_GPU_TESTS=1 part contract "${CONTRACT_SECONDS:-90}" \
  node node_modules/vitest/vitest.mjs run --project gpu test/core/engines/Xla.gpu.test.ts \
  --reporter=json --outputFile="$parts/contract.json"

mkdir -p "$(dirname "$output")"
node bench/accelerator/collect.ts "$parts" "$device" "$(($(date +%s) - started))" >"$output.part" || { rm -f "$output.part"; exit 1; }
mv "$output.part" "$output"
echo "written: $output"
