// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Applies the suggestions of findings to the files they are about, in memory.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/text/overlay_reader.h"

namespace qvm::config {

struct FixedFile {
  std::string path;
  std::string before;
  std::string after;
};

// Sets of VMs whose files are fixed together: a file that two sets share is fixed once.
class FixSession {
 public:
  // reader outlives the session. Nothing is written anywhere.
  explicit FixSession(Reader& reader) : x_overlay(reader) {}

  // Loads one set from the reader it is given.
  using Load = std::function<LoadedSystem(Reader&)>;

  // Applies fixes and loads again until nothing is left that can be applied, at most kMaximumRounds times: a
  // fix can uncover a finding that was hidden behind it. Of fixes that overlap the first one is applied.
  // Returns the set as it is after the last round. A suggestion is left alone if it is not about a file (but
  // about the command line), if it would replace a substitution such as $env{NAME}, or if it is about a value
  // in a manifest that is no manifest's own business: there YAML's quoting comes in between.
  LoadedSystem fix(const Load& load);

  static constexpr int kMaximumRounds = 10;

  std::size_t applied() const { return x_applied; }
  // Suggestions of the sets' last rounds that were not applied.
  std::size_t left() const { return x_left; }
  // Whose text has changed, sorted by path.
  std::vector<FixedFile> files() const;

 private:
  std::size_t apply(const LoadedSystem& system, bool count_only);

  OverlayReader x_overlay;
  std::map<std::string, FixedFile, std::less<>> x_files;
  std::size_t x_applied = 0;
  std::size_t x_left = 0;
};

}  // namespace qvm::config
