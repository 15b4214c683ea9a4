# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by app/run.sh and tests/run.sh: what must be installed on Debian 12, and installing it.

rankscope_build_packages=(
  g++ cmake ninja-build pkg-config ccache mold
  qt6-base-dev qt6-svg-dev libqt6svg6 qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools libgl-dev libqcustomplot-dev
  libeigen3-dev libhdf5-dev libopenblas-dev libtbb-dev nlohmann-json3-dev libcli11-dev libfmt-dev libsentencepiece-dev
  libxxhash-dev libpcre2-dev libicu-dev zlib1g-dev fonts-dejavu-core
)
rankscope_test_packages=(python3 python3-numpy python3-h5py hdf5-tools libbenchmark-dev xvfb xauth)

# install_packages NAME…: installs those that are missing; says plainly what to do when it may not.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! command -v apt-get >/dev/null; then
    echo "Rankscope needs these Debian packages, and there is no apt-get here: ${missing[*]}" >&2
    return 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
      echo "Rankscope needs these Debian packages. You are not root and sudo does not work here; as root, run:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; going on with the lists that are there" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
