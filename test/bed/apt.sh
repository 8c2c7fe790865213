# Sourced by engine.sh and images.sh: packages of Debian, installed or only unpacked.
export DEBIAN_FRONTEND=noninteractive

# apt_install PACKAGE...: installs what is missing and starts no service.
apt_install() {
  local package missing=()
  for package; do
    dpkg-query -Wf '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "apt-get install ${missing[*]}"
  local fresh
  fresh=$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 2>/dev/null | head -1)
  [ -n "$fresh" ] || apt-get -qq update
  # a policy-rc.d that says no keeps packages from starting services on their own
  local policy=/usr/sbin/policy-rc.d made=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
  local status=0
  apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null || status=$?
  [ -z "$made" ] || rm -f $policy
  return $status
}

# apt_unpack SUITE FOLDER PACKAGE...: unpacks packages of another Debian release into
# FOLDER/PACKAGE, with lists and caches of its own: the machine's apt stays as it is.
apt_unpack() {
  local suite=$1 folder=$2 apt=$2/.apt package
  shift 2
  local options=(
    -qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=-
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache"
    -o Dir::State::status=/dev/null -o APT::Sandbox::User=root
  )
  for package; do
    [ ! -d "$folder/$package" ] || continue
    if [ -z "$(find "$apt/fresh" -mtime -1 2>/dev/null)" ]; then
      mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
      echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" >"$apt/sources.list"
      apt-get "${options[@]}" update || return 1
      : >"$apt/fresh"
    fi
    (cd "$apt" && apt-get "${options[@]}" download "$package" >/dev/null) || return 1
    dpkg -x "$apt/$package"_*.deb "$apt/$package" || return 1
    rm -f "$apt/$package"_*.deb
    mv "$apt/$package" "$folder/$package"
  done
}

# The Debian mirror that this machine uses.
mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    grep -v '^ *#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' '
}
