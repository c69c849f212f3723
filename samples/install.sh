# The Debian packages that building and testing need, and install_packages. Sourced by quickstart.sh and tests/run.sh.

build_packages=(g++ cmake ninja-build ccache libprotobuf-dev libonnx-dev libfmt-dev libcli11-dev
                nlohmann-json3-dev llvm-19-dev libclang-19-dev libclang-cpp19-dev)
test_packages=(libgtest-dev libbenchmark-dev libonnx-testdata clang libclang-rt-14-dev clang-format gcc-arm-none-eabi
               libstdc++-arm-none-eabi-newlib qemu-system-arm g++-aarch64-linux-gnu qemu-user)

# install_packages NAME...: installs those that are missing. Touches neither network nor sudo where none is.
install_packages() {
  local package missing=() as_root=()
  for package in "$@"; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
      *" installed") ;;
      *) missing+=("$package") ;;
    esac
  done
  if [ ${#missing[@]} -eq 0 ]; then
    return 0
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "missing packages, and no sudo to install them; run as root: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q </dev/null &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null
}
