// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Copies for all VMs of a runtime directory of files that qvm is installed with and that a VM's user cannot
// reach.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/files/file_access.h"

namespace qvm::daemon {

// A directory that other users can enter but not list. A copy is named by its content, so it is made once and
// never changes: VMs that have loaded it are not disturbed by newer ones, nor by a qvmd that was killed.
// Thread-safe.
class StagingPlace {
 public:
  // What a VM's process does with a file.
  enum class Use { read, load };

  // root is made when it is needed. A copy to be loaded cannot be on a file system that is mounted noexec:
  // then it is put below the first of `elsewhere` that can be used, and root has a link to it.
  StagingPlace(std::string root, std::vector<std::string> elsewhere);

  // The path, below root, of a file with source's content that who can read and load. If there is no place
  // for one, the failure names every place that was tried, why it would not do, and what helps. We must be
  // root.
  Result<std::string> stage(const VmUser& who, const std::string& source, Use use);

  // Takes away root and everything that was put elsewhere for it, by us or by a predecessor.
  void remove();

 private:
  struct Copy;
  std::string name_for(const std::string& source, const std::string& content) const;
  Result<void> put(const std::string& directory, const Copy& copy) const;
  std::string place_below(const std::string& directory) const;

  std::mutex x_mutex;
  std::string x_root;
  std::vector<std::string> x_elsewhere;
};

// Where copies to be loaded may be: the cache directory, /var/tmp, /dev/shm, /tmp.
std::vector<std::string> places_elsewhere();

// A file name for a copy: text's end, with nothing in it that any of QEMU's options would take for a
// separator.
std::string plain_name(std::string_view text);

}  // namespace qvm::daemon
