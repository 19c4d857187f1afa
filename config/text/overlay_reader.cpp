// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/overlay_reader.h"

namespace qvm::config {

Result<std::string> OverlayReader::read(std::string_view path, std::uint64_t limit) {
  const auto found = x_texts.find(path);
  if (found == x_texts.end()) return x_below.read(path, limit);
  if (found->second.size() > limit) {
    return fail("read '" + std::string(path) + "': larger than " + std::to_string(limit) + " bytes");
  }
  return found->second;
}

Result<std::string> OverlayReader::read_head(std::string_view path, std::uint64_t count) {
  const auto found = x_texts.find(path);
  if (found == x_texts.end()) return x_below.read_head(path, count);
  return found->second.substr(0, count);
}

Result<FileFacts> OverlayReader::facts(std::string_view path) {
  const auto found = x_texts.find(path);
  if (found == x_texts.end()) return x_below.facts(path);
  return FileFacts{found->second.size(), true, true};
}

}  // namespace qvm::config
