#!/bin/sh
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# Takes part in the region "testing", loads the driver anew, takes part again, and is gone in the middle of it: by a
# reset or by a panic. With the kernel parameter panic=-1 all of it happens again.
# Others are told how things stand, not each change: one that wakes late misses what was undone meanwhile.
(echo before; sleep 1) | qvm-chat testing
rmmod guest_shm || exit 1
sleep 1
modprobe guest_shm || exit 1
(echo here; sleep 60) | qvm-chat testing &
# Time for others to look at what is held meanwhile.
sleep 2
[ $((RANDOM % 2)) = 0 ] && reboot -f
echo c > /proc/sysrq-trigger
