// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// hold_vms RUNTIME REGIOND VM...: registers VMs that may do everything with a qvm-regiond of their own,
// prints each one's socket, and keeps them registered until standard input ends. Lets a bench start QEMU by
// itself.
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "qvm/regions/client/admin.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: hold_vms RUNTIME REGIOND VM...\n");
    return 2;
  }
  auto admin = qvm::regions::Admin::open(argv[1], argv[2]);
  if (!admin) {
    std::fprintf(stderr, "hold_vms: %s\n", admin.error().message().c_str());
    return 1;
  }
  const std::vector<const char*> names(argv + 3, argv + argc);
  for (const char* name : names) {
    qvm::regions::VmPolicy policy;
    policy.vm = name;
    policy.uid = ::getuid();
    policy.gid = ::getgid();
    policy.vdevs.emplace_back().vdev = "shmem0";
    const auto socket = (*admin)->add_vm(policy);
    if (!socket) {
      std::fprintf(stderr, "hold_vms: %s\n", socket.error().message().c_str());
      return 1;
    }
    std::printf("%s\n", socket->c_str());
  }
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  int status = 0;
  for (const char* name : names) {
    if (!(*admin)->remove_vm(name)) status = 1;
  }
  return status;
}
