// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/fix.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace qvm::config {
namespace {

// Every reader has a smaller cap of its own.
constexpr std::uint64_t kAnySize = 1U << 24;

struct Change {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string_view replacement;

  auto key() const { return std::tie(begin, end, replacement); }
  bool operator<(const Change& other) const { return key() < other.key(); }
  bool operator==(const Change& other) const { return key() == other.key(); }
};

struct Target {
  std::string_view text;
  std::vector<Change> changes;
};

bool applicable(const Diagnostic& finding, const LoadedSystem& system) {
  const SourceRange& where = finding.fix->where;
  const std::string_view written =
      system.sources.text(where.source).substr(where.begin, where.end - where.begin);
  const bool substituted =
      written.find("$env{") != std::string_view::npos || written.find("$asinfo_") != std::string_view::npos;
  if (written == finding.fix->replacement || substituted) return false;
  const bool in_manifest = system.manifest && system.manifest->path == system.sources.name(where.source);
  return !in_manifest || finding.rule.starts_with("manifest-");
}

// Applies what does not overlap; returns how many changes that were.
std::size_t apply_changes(std::string& text, std::vector<Change> changes) {
  std::string result;
  std::size_t copied = 0;
  std::size_t applied = 0;
  const Change* last = nullptr;
  for (const Change& change : changes) {
    // Two insertions at one place overlap as well: nobody knows which should come first.
    const bool overlaps = last != nullptr && (change.begin < last->end ||
                                              (change.begin == last->begin && last->begin == last->end));
    if (overlaps) continue;
    result.append(text, copied, change.begin - copied);
    result += change.replacement;
    copied = change.end;
    last = &change;
    ++applied;
  }
  result.append(text, copied);
  text = std::move(result);
  return applied;
}

}  // namespace

std::size_t FixSession::apply(const LoadedSystem& system, bool count_only) {
  std::map<std::string_view, Target> targets;
  std::map<SourceId, bool> files;  // words of the command line have a source, too, but no file
  std::size_t others = 0;
  for (const Diagnostic& finding : system.diagnostics.all()) {
    if (!finding.fix || !finding.fix->where.valid()) continue;
    const SourceRange& where = finding.fix->where;
    const std::string_view path = system.sources.name(where.source);
    const auto [file, unknown] = files.emplace(where.source, false);
    if (unknown) {
      const auto text = x_overlay.read(path, kAnySize);
      file->second = text && *text == system.sources.text(where.source);
    }
    if (!file->second || !applicable(finding, system)) {
      ++others;
      continue;
    }
    Target& target = targets[path];
    target.text = system.sources.text(where.source);
    target.changes.push_back({where.begin, where.end, finding.fix->replacement});
  }
  std::size_t applied = 0;
  for (auto& [path, target] : targets) {
    std::sort(target.changes.begin(), target.changes.end());
    target.changes.erase(std::unique(target.changes.begin(), target.changes.end()), target.changes.end());
    if (count_only) {
      others += target.changes.size();
      continue;
    }
    FixedFile& file = x_files[std::string(path)];
    if (file.path.empty()) file = {std::string(path), std::string(target.text), {}};
    file.after = target.text;
    applied += apply_changes(file.after, target.changes);
    x_overlay.put(file.path, file.after);
  }
  return count_only ? others : applied;
}

LoadedSystem FixSession::fix(const Load& load) {
  LoadedSystem system = load(x_overlay);
  for (int round = 0; round < kMaximumRounds; ++round) {
    const std::size_t applied = apply(system, false);
    if (applied == 0) break;
    x_applied += applied;
    system = load(x_overlay);
  }
  x_left += apply(system, true);
  return system;
}

std::vector<FixedFile> FixSession::files() const {
  std::vector<FixedFile> result;
  for (const auto& [path, file] : x_files) {
    if (file.before != file.after) result.push_back(file);
  }
  return result;
}

}  // namespace qvm::config
