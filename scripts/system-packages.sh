#!/bin/sh
# Installs the Debian/Ubuntu packages that are missing, or names the exact command when it may not.
#   sh scripts/system-packages.sh box|hub|test
set -eu
case "${1:-box}" in
  box)  wanted="python3-venv libgl1 libglib2.0-0 ca-certificates" ;;
  hub)  wanted="python3-venv libgl1 libglib2.0-0 ca-certificates libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk" ;;
  test) wanted="python3-venv libgl1 libglib2.0-0 mosquitto faketime python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad fonts-noto-cjk fonts-liberation postgresql chromium libpango-1.0-0 libpangoft2-1.0-0 poppler-utils" ;;
  *) echo "usage: sh scripts/system-packages.sh box|hub|test" >&2; exit 2 ;;
esac
command -v dpkg-query >/dev/null 2>&1 || { echo "Not a Debian system: install the likes of: $wanted" >&2; exit 0; }
missing=""
for package in $wanted; do
  if ! dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' &&
     ! dpkg-query -W -f '${db:Status-Status}' "${package}t64" 2>/dev/null | grep -q '^installed$'; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0
install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then as=""; elif command -v sudo >/dev/null 2>&1; then as="sudo"; else
  echo "These system packages are missing. As root, run: apt-get update && $install" >&2; exit 1
fi
echo "Installing system packages:$missing"
$as apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as $install >/dev/null || {
  echo "Could not install them. Run by hand: $as $install" >&2; exit 1; }
# The tests and the demo start their own brokers; a broker started by the package stays as the system set it.
