// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// libfdt works in a buffer of a given size: here with more and more until it is enough.
#pragma once

#include <fmt/format.h>
#include <libfdt.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "qvm/plan/device_tree.h"

namespace qvm::plan {

// work(bytes, tree) makes the tree with that much room, and returns 0 or an error of libfdt's.
template <class Work>
Result<std::string> tree_with_room(std::size_t bytes, Work work) {
  for (;; bytes *= 2) {
    bytes = std::min<std::size_t>(bytes, kMostTreeBytes);
    std::string tree;
    const int error = work(bytes, tree);
    if (error == 0) return tree;
    if (error != -FDT_ERR_NOSPACE) return fail(fmt::format("libfdt says {}", fdt_strerror(error)));
    if (bytes == kMostTreeBytes)
      return fail(fmt::format("the device tree would have more than {} bytes", kMostTreeBytes));
  }
}

}  // namespace qvm::plan
