#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Says which shared memory devices the kernel was told of and reads their signatures from user space, without a driver.
# Kernel parameter qvm_loc=ADDRESS: reads there, too.

# The eight bytes of the register, lowest first, as text.
signature_at() {
  value=$(devmem "$1" 64) || return 1
  digits=${value#0x}
  while [ ${#digits} -lt 16 ]; do digits=0$digits; done
  text=
  while [ -n "$digits" ]; do
    rest=${digits%??}
    text=$text\\x${digits#"$rest"}
    digits=$rest
  done
  printf '%b' "$text" | tr -c ' -~' '?'
}

addresses=
for device in /sys/bus/platform/devices/*; do
  modalias=$(cat "$device/modalias" 2>/dev/null) || continue
  case $modalias in
    of:N*Cqvm,guest_shm*)
      echo "modalias $modalias"
      name=${device##*/}
      start=$(sed -n "s/^ *\([0-9a-f]*\)-[0-9a-f]* : $name\$/0x\1/p" /proc/iomem | head -n 1)
      # What a device tree names is called ADDRESS.NODE, and is no resource before it has a driver.
      if [ -z "$start" ] && [ -e "$device/of_node" ]; then start=0x${name%%.*}; fi
      echo "device $name at ${start:-unknown}"
      addresses="$addresses $start"
      ;;
  esac
done
for word in $(cat /proc/cmdline); do
  case $word in
    qvm_loc=*) case " $addresses " in *" ${word#qvm_loc=} "*) ;; *) addresses="$addresses ${word#qvm_loc=}" ;; esac ;;
  esac
done
for address in $addresses; do
  if signature=$(signature_at "$address"); then
    echo "signature $signature"
  else
    echo "signature of $address: cannot be read"
  fi
done
grep -i -E 'prp0001|guest_shm' /proc/interrupts
