// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log_limit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

constexpr off_t kBlock = 4096;

}  // namespace

void shorten_log(const std::string& path, off_t kept) {
  struct stat facts {};
  // What is allocated counts: the length only grows.
  if (::stat(path.c_str(), &facts) != 0 || off_t{facts.st_blocks} * 512 < kept + kept / 4) return;
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  const off_t end = (facts.st_size - kept) / kBlock * kBlock;
  if (end > 0) (void)::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, end);
}

}  // namespace qvm
