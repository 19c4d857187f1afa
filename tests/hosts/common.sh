# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# What all kinds of hosts share; sourced by run.sh, which sets $top, $here and $host.
# shellcheck shell=bash disable=SC2034,SC2154

fail() { echo "hosts: $1" >&2; exit 1; }
note() { printf 'hosts: %s\n' "$1"; }

hosts=${QVM_HOSTS_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/qvm-hosts}

# The programs that run in a host, and the peer of its benches. They depend on everything that they start.
targets_of_hosts=(guests_runtime_system_test guests_shmem_system_test guests_aarch64_system_test guests_linux_system_test
  vdevs_loader_system_test cli_system_test host_integration_test libvirt_peer)

# Those that --smoke needs.
smoke_targets=(guests_shmem_system_test cli_system_test)

# Whether $hosts/$1.stamp says what is wanted, $2; and makes it say so.
# is_made NAME STAMP FILE...: it was made so, and nobody has taken these away since.
is_made() {
  local name=$1 stamp=$2 file
  [ "$(cat "$hosts/$name.stamp" 2>/dev/null)" = "$stamp" ] || return
  shift 2
  for file in "$@"; do [ -e "$file" ] || return; done
}
made() { printf '%s\n' "$2" >"$hosts/$1.stamp"; }
sum_of() { sha256sum | cut -d ' ' -f 1; }

# The packages that building, running and testing need in Debian $1, a number.
wanted_packages() { "$top/tools/packages.sh" --debian "$1"; }

# The mirror that the host itself uses for Debian: from a file of one-line entries or of paragraphs. $1: the
# security archive's (security) or the main one (debian).
mirror() {
  local wanted=$1 fallback=http://deb.debian.org/debian found
  [ "$wanted" = debian ] || fallback=http://deb.debian.org/debian-security
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -nE 's/^deb( +\[[^]]*\])? +([^ ]+) .*/\2/p; s/^URIs: *([^ ]+).*/\1/p' |
    grep -E "/debian(-security)?/?$" | case $wanted in
      debian) grep -v security ;;
      *) grep security ;;
    esac | head -n 1) || true
  echo "${found:-$fallback}"
}

# A new folder for what this run finds; $results.
new_results() {
  results=$hosts/results-$host
  rm -rf "$results"
  mkdir -p "$results"
}

# What inside.sh is to do: BUILD ACCELERATOR JOBS SLOWNESS SMOKE FILTER.
write_job() {
  {
    printf 'build=%q\naccelerator=%q\njobs=%q\n' "$1" "$2" "$3"
    printf 'slowness=%q\nsmoke=%q\nfilter=%q\n' "$4" "$5" "$6"
  } >"$results/job"
}

# own_kvm ROOT NODE: the /dev/kvm below ROOT, a host's files, becomes a node of its own, with the group that its Debian
# gives it. What packages and tests do to it does not reach this machine's.
own_kvm() {
  local root=$1 node=$2 group
  [ -c "$root/dev/kvm" ] || return 0
  group=$(chroot "$root" getent group kvm 2>/dev/null | cut -d: -f3) || true
  mknod -m 660 "$node" c 10 232
  chown "0:${group:-0}" "$node"
  mount --bind "$node" "$root/dev/kvm"
}
