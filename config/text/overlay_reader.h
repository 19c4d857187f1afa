// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Files as they would be: texts that stand for some paths, and everything else as it is.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "config/text/reader.h"

namespace qvm::config {

class OverlayReader final : public Reader {
 public:
  // below outlives the reader.
  explicit OverlayReader(Reader& below) : x_below(below) {}

  // From now on path has this text; the disk is left alone.
  void put(std::string path, std::string text) { x_texts.insert_or_assign(std::move(path), std::move(text)); }
  bool has(std::string_view path) const { return x_texts.find(path) != x_texts.end(); }

  Result<std::string> read(std::string_view path, std::uint64_t limit) override;
  Result<std::string> read_head(std::string_view path, std::uint64_t count) override;
  Result<FileFacts> facts(std::string_view path) override;
  std::optional<std::string> environment(std::string_view name) override { return x_below.environment(name); }
  HostResources host() override { return x_below.host(); }

 private:
  Reader& x_below;
  std::map<std::string, std::string, std::less<>> x_texts;
};

}  // namespace qvm::config
