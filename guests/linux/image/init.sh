#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# First process of the Linux guest. Kernel parameters:
#   qvm.modules=A,B  modules to load; default: guest_shm, and drivers of the virtio devices and the
#                    watchdog that are there
#   qvm.address=A/N  address of the first network interface
#   -- COMMAND ...   runs it and powers off, as the last words; without: a shell on the console
# The prompt is the same with every busybox: the directory, which is nobody's home.
export PATH=/bin:/sbin HOME=/root PS1='\w # ' TERM=${TERM:-linux}
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /tmp /root
mount -t devpts devpts /dev/pts
ip link set lo up

# Drivers of what a bus has of virtio's devices, and of the primecells of ARM, which say what they are in "uevent" only.
drivers_on() {
  sed -n 's/^MODALIAS=//p' /sys/bus/"$1"/devices/*/uevent 2>/dev/null |
    grep -i -E '^(pci:v00001AF4|virtio:|amba:|of:.*Cvirtio,mmio)' | while read -r alias; do modprobe -q "$alias"; done
}

modules=
chosen=
address=
for word in $(cat /proc/cmdline); do
  case $word in
    --) break ;;
    qvm.modules=*) modules=${word#qvm.modules=} chosen=yes ;;
    qvm.address=*) address=${word#qvm.address=} ;;
  esac
done
if [ -z "$chosen" ]; then
  modules=guest_shm
  for bus in pci platform amba virtio; do drivers_on $bus; done
fi
# A list is split at commas only.
for module in $(echo "$modules" | tr ',' ' '); do
  modprobe "$module" || echo "init: module $module cannot be loaded"
done
if [ -n "$address" ]; then
  ip addr add "$address" dev eth0 && ip link set eth0 up || echo "init: no network interface for $address"
fi

# A console that comes with a module, a moment later; its node comes before it. What was written until then is in the
# kernel's log only.
case " $(cat /proc/cmdline) " in
  *" console=hvc0 "*)
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      if [ -c /dev/hvc0 ] && (exec 3>/dev/hvc0) 2>/dev/null; then
        exec </dev/hvc0 >/dev/hvc0 2>&1
        break
      fi
      sleep 0.5
    done
    ;;
esac

if [ $# -gt 0 ]; then
  "$@"
  echo "init: $1 ended with $?"
else
  setsid cttyhack sh
fi
poweroff -f
