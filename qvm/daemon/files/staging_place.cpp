// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/staging_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "qvm/base/fnv.h"
#include "qvm/base/unique_fd.h"
#include "qvm/base/whole_text.h"
#include "qvm/daemon/control/cache_place.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kEnterable = 0711;
constexpr std::size_t kLongestName = 64;

bool is_noexec(const std::string& path) {
  struct statvfs facts {};
  return ::statvfs(path.c_str(), &facts) == 0 && (facts.f_flag & ST_NOEXEC) != 0;
}

// Nobody else may be able to put a file there, or to exchange the directory.
Result<void> make_place(const std::string& path) {
  if (::mkdir(path.c_str(), kEnterable) == 0) {
    if (::chmod(path.c_str(), kEnterable) != 0) return fail_errno("set its mode");
  } else if (errno != EEXIST) {
    return fail_errno("make it");
  }
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return fail_errno("look at it");
  if (!S_ISDIR(facts.st_mode)) return fail("it is not a directory");
  if (facts.st_uid != ::geteuid()) return fail(fmt::format("it belongs to uid {}", facts.st_uid));
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) return fail("others can write to it");
  auto open_parent = QVM_TRY(find_open_parent(path));
  if (!open_parent.empty()) return fail(fmt::format("other users can replace it in '{}'", open_parent));
  return {};
}

bool is_own_directory(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == ::geteuid();
}

// A file with that content; a link to one counts.
bool has_content(const std::string& path, std::string_view content) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  if (static_cast<std::size_t>(facts.st_size) != content.size()) return false;
  const auto there = read_file(path);
  return there && *there == content;
}

// A link whose file is gone is nothing.
bool is_nothing(const std::string& path) {
  return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
}

}  // namespace

struct StagingPlace::Copy {
  std::string content;
  std::string name;
  Use use = Use::read;
};

StagingPlace::StagingPlace(std::string root, std::vector<std::string> elsewhere)
    : x_root(std::move(root)), x_elsewhere(std::move(elsewhere)) {}

// The same for the same runtime directory, so that what a killed predecessor left is found.
std::string StagingPlace::place_below(const std::string& directory) const {
  Fnv number;
  number.add(x_root);
  return fmt::format("{}/qvm-staged-{:016x}", directory, number.value());
}

// The number says which content it is nearly always; where it does not, one more is appended.
std::string StagingPlace::name_for(const std::string& source, const std::string& content) const {
  Fnv number;
  number.add(content);
  const std::string stem = fmt::format("{:016x}-{}", number.value(), plain_name(source));
  std::string name = stem;
  for (unsigned i = 2;; ++i) {
    const std::string path = x_root + "/" + name;
    if (is_nothing(path) || has_content(path, content)) return name;
    name = fmt::format("{}.{}", stem, i);
  }
}

Result<void> StagingPlace::put(const std::string& directory, const Copy& copy) const {
  std::error_code error;
  // The cache directory may be missing. If it cannot be made, that is told of what is to be in it.
  if (directory != x_root) fs::create_directories(fs::path(directory).parent_path(), error);
  QVM_TRY(make_place(directory));
  if (copy.use == Use::load && is_noexec(directory)) return fail("it is mounted noexec");
  const std::string path = directory + "/" + copy.name;
  if (fs::is_symlink(path, error) || !has_content(path, copy.content)) {
    QVM_TRY(replace_file(path, copy.content, 0644));
  }
  if (directory == x_root) return {};
  const std::string link = x_root + "/" + copy.name;
  if (fs::read_symlink(link, error) == path) return {};
  const std::string temporary = link + ".link";
  ::unlink(temporary.c_str());
  if (::symlink(path.c_str(), temporary.c_str()) != 0 || ::rename(temporary.c_str(), link.c_str()) != 0)
    return fail_errno(fmt::format("make the link '{}'", link));
  return {};
}

Result<std::string> StagingPlace::stage(const VmUser& who, const std::string& source, Use use) {
  const std::lock_guard lock(x_mutex);
  auto content = QVM_TRY(read_file(source));
  if (auto made = make_place(x_root); !made) return fail_from(std::move(made), x_root);
  std::string name = name_for(source, content);
  const Copy copy{.content = std::move(content), .name = std::move(name), .use = use};
  const std::string path = x_root + "/" + copy.name;
  if (has_content(path, copy.content) && (use == Use::read || !is_noexec(path)) &&
      openable_by(who, path, O_RDONLY)) {
    return path;
  }
  std::vector<std::string> places = {x_root};
  if (use == Use::load) {
    for (const std::string& directory : x_elsewhere) places.push_back(place_below(directory));
  }
  std::string reasons;
  for (const std::string& place : places) {
    auto done = put(place, copy);
    if (done && openable_by(who, path, O_RDONLY)) return path;
    const std::string reason =
        done ? fmt::format("{} cannot reach it", describe(who.uid)) : done.error().message();
    reasons += fmt::format("{}'{}': {}", reasons.empty() ? "" : "; ", place, reason);
  }
  return fail(
      fmt::format("{} cannot read '{}', and there is no place for a copy: {}: {}install qvm where every user "
                  "can read it",
                  describe(who.uid), source, reasons,
                  use == Use::load ? "name a directory where programs may be in QVM_CACHE_DIR, or " : ""));
}

void StagingPlace::remove() {
  const std::lock_guard lock(x_mutex);
  std::set<std::string> places;
  for (const std::string& directory : x_elsewhere) places.insert(place_below(directory));
  std::error_code error;
  const std::string own = fs::path(place_below("")).filename();
  for (fs::directory_iterator entry(x_root, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path place = fs::read_symlink(entry->path(), error).parent_path();
    // Of another cache directory.
    if (place.filename() == own) places.insert(place);
    error.clear();
  }
  for (const std::string& place : places) {
    // Whatever somebody else has put there under that name is not ours to remove.
    if (is_own_directory(place)) fs::remove_all(place, error);
  }
  fs::remove_all(x_root, error);
}

std::vector<std::string> places_elsewhere() {
  std::vector<std::string> places = {"/var/tmp", "/dev/shm", "/tmp"};
  if (std::string cache = wanted_cache(CacheFacts::of_this_process()); !cache.empty())
    places.insert(places.begin(), std::move(cache));
  return places;
}

std::string plain_name(std::string_view text) {
  text = text.substr(text.rfind('/') + 1);
  std::string name(text.substr(text.size() - std::min(text.size(), kLongestName)));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return name;
}

}  // namespace qvm::daemon
