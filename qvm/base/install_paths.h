// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where the installation this program belongs to keeps its parts; the build tree has the same shape.
#pragma once

#include <string>

namespace qvm {

// Absolute; taken from where the running program's file is. Without /proc relative to the working directory.
struct InstallPaths {
  std::string programs;  // bin/
  std::string plugins;   // lib/qvm/: libqvm-vmhost.so, vdev-*.so, tables of further vdevs
  std::string guests;    // share/qvm/guests/

  static InstallPaths of_this_program();
};

}  // namespace qvm
