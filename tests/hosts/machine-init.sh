#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# The first process of an emulated machine: its root is the share "root", read-only, with a layer in memory on top;
# the share "results" is /run/results, where the command of this run is.
# shellcheck shell=dash
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in /modules/*; do $b insmod "$module"; done
options=trans=virtio,version=9p2000.L,msize=512000
$b mount -t 9p -o $options,cache=loose,ro root /lower
$b mount -t tmpfs -o size=3g tmpfs /upper
$b mkdir -p /upper/upper /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work overlay /new
for one in sys dev; do $b mount --move /$one /new/$one; done
$b mount -t proc proc /new/proc
$b mount -t tmpfs tmpfs /new/run
$b mount -t tmpfs -o mode=1777 tmpfs /new/tmp
$b mkdir -p /new/dev/pts /new/dev/shm /new/run/results
$b mount -t devpts -o ptmxmode=0666 devpts /new/dev/pts
$b mount -t tmpfs -o mode=1777 tmpfs /new/dev/shm
$b mount -t cgroup2 none /new/sys/fs/cgroup
$b mount -t 9p -o $options results /new/run/results
$b ifconfig lo 127.0.0.1
# As udev does it.
$b ln -s /proc/self/fd /new/dev/fd
[ ! -c /new/dev/kvm ] || $b chroot /new /bin/sh -c 'chgrp kvm /dev/kvm && chmod 660 /dev/kvm'
$b chroot /new /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /bin/bash /run/results/command
$b sync
$b poweroff -f
