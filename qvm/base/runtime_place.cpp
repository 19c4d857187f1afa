// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/runtime_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace qvm {
namespace {

std::string environment(const char* name) {
  const char* value = ::secure_getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_own_directory(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == ::geteuid() &&
         ::access(path.c_str(), W_OK | X_OK) == 0;
}

}  // namespace

RuntimePlaceFacts RuntimePlaceFacts::of_this_process() {
  return {.uid = ::geteuid(),
          .chosen = environment("QVM_RUNTIME_DIR"),
          .user_runtime = environment("XDG_RUNTIME_DIR"),
          .is_users = is_own_directory};
}

std::string default_runtime_directory(const RuntimePlaceFacts& facts) {
  if (!facts.chosen.empty()) return facts.chosen;
  if (facts.uid == 0) return "/run/qvm";
  const std::string number = std::to_string(facts.uid);
  for (const std::string& base : {facts.user_runtime, "/run/user/" + number}) {
    if (base.starts_with('/') && facts.is_users(base)) return base + "/qvm";
  }
  return "/tmp/qvm-" + number;
}

bool is_safe_for(uid_t uid, const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return errno == ENOENT;
  return S_ISDIR(facts.st_mode) && facts.st_uid == uid;
}

}  // namespace qvm
