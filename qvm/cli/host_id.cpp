// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/host_id.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <random>

#include "qvm/base/fnv.h"
#include "qvm/base/unique_fd.h"
#include "qvm/base/whole_text.h"
#include "qvm/daemon/control/cache_place.h"

namespace qvm::cli {
namespace {

constexpr std::size_t kDigits = 32;

// As machine-id(5) has it. An image's may be empty or "uninitialized" until its first boot, and some have
// zeros.
std::optional<std::string> read_id(const std::string& path) {
  std::string id;
  if (!(std::ifstream(path) >> id) || id.size() != kDigits) return std::nullopt;
  if (id.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  if (id.find_first_not_of('0') == std::string::npos) return std::nullopt;
  return id;
}

std::string random_id() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

// Two programs may do this at once: the first one's number stays.
void store(const std::string& path, const std::string& id) {
  std::string draft = path + ".XXXXXX";
  const UniqueFd file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file) return;
  const bool complete = write_all(file.get(), id + "\n");
  if (complete && ::link(draft.c_str(), path.c_str()) != 0 && errno == EEXIST && !read_id(path)) {
    // Damaged: no number that anybody uses.
    ::rename(draft.c_str(), path.c_str());
    return;
  }
  ::unlink(draft.c_str());
}

std::string stored_id(const std::string& path) {
  if (const auto id = read_id(path)) return *id;
  const std::string made = random_id();
  store(path, made);
  return read_id(path).value_or(made);
}

std::string machine_id(const HostIdPlaces& places) {
  for (const std::string& path : places.machine_ids) {
    if (const auto id = read_id(path)) return *id;
  }
  return {};
}

std::string hidden(const std::string& id) {
  Fnv hash;
  hash.add("qvm ");
  hash.add(id);
  return fmt::format("{:016x}", hash.value());
}

}  // namespace

bool has_machine_id() {
  return !machine_id(HostIdPlaces()).empty();
}

std::string find_host_id(const HostIdPlaces& places) {
  if (const std::string id = machine_id(places); !id.empty()) return hidden(id);
  return hidden(places.stored.empty() ? random_id() : stored_id(places.stored));
}

std::string find_host_id(const daemon::RuntimePaths& paths) {
  HostIdPlaces places;
  if (machine_id(places).empty()) {
    if (const auto cache = daemon::open_cache(paths)) places.stored = cache->directory + "/host-id";
  }
  return find_host_id(places);
}

}  // namespace qvm::cli
