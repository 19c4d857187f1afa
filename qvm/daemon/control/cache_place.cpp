// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/control/cache_place.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Result<void> make_writable(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail_errno(fmt::format("'{}' cannot be made", directory), error.value());
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return fail_errno(fmt::format("'{}' cannot be written", directory));
  return {};
}

// Another user's qvm may have made the part of a place that both can write.
Result<void> make(const CachePlace& place) {
  QVM_TRY(make_writable(place.directory));
  return make_writable(place.libvirt());
}

}  // namespace

CacheFacts CacheFacts::of_this_process() {
  return {.uid = ::geteuid(),
          .chosen = environment("QVM_CACHE_DIR"),
          .user_cache = environment("XDG_CACHE_HOME"),
          .home = environment("HOME")};
}

std::string wanted_cache(const CacheFacts& facts) {
  if (!facts.chosen.empty()) return facts.chosen;
  if (facts.uid == 0) return "/var/cache/qvm";
  if (facts.user_cache.starts_with('/')) return facts.user_cache + "/qvm";
  if (!facts.home.starts_with('/')) return {};
  return (facts.home.ends_with('/') ? facts.home : facts.home + "/") + ".cache/qvm";
}

Result<CachePlace> open_cache(const RuntimePaths& paths, const CacheFacts& facts) {
  CachePlace place;
  place.directory = wanted_cache(facts);
  if (place.directory.empty()) {
    place.why_not_kept = "neither XDG_CACHE_HOME nor HOME names a directory";
  } else {
    // libvirt follows a link to it from somewhere else.
    std::error_code error;
    place.directory = fs::absolute(place.directory, error).string();
    auto made = make(place);
    if (made) return place;
    place.why_not_kept = made.error().message();
  }
  place.directory = paths.root() + "/cache";
  QVM_TRY(prepare_runtime_directory(paths));
  QVM_TRY(make(place));
  return place;
}

}  // namespace qvm::daemon
