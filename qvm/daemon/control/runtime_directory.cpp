// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/control/runtime_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "qvm/base/runtime_place.h"
#include "qvm/base/whole_text.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;
// libvirt's monitor socket: RUN/libvirt/lib/qemu/domain-ID-NAME/monitor.sock, of NAME at most 20 bytes.
constexpr std::string_view kMonitorPath = "/libvirt/lib/qemu/domain-9999-/monitor.sock";
constexpr std::size_t kMonitorName = 20;

constexpr const char* kChoose = "choose another one with --runtime-dir or QVM_RUNTIME_DIR";

Result<void> check_private(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return fail_errno(fmt::format("look at '{}'", path));
  if (!S_ISDIR(facts.st_mode)) return fail(fmt::format("'{}' is not a directory: {}", path, kChoose));
  if (facts.st_uid != ::geteuid()) {
    return fail(fmt::format("runtime directory '{}' belongs to uid {}, not to uid {} who runs qvm: {}", path,
                            facts.st_uid, ::geteuid(), kChoose));
  }
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(
        fmt::format("runtime directory '{}' can be written by others (mode {:04o}): 'chmod go-w' it, or {}",
                    path, facts.st_mode & 07777U, kChoose));
  }
  return {};
}

// Whoever can rename a parent can swap the whole directory.
Result<void> check_parents(const std::string& path) {
  auto parent = QVM_TRY(find_open_parent(path));
  if (parent.empty()) return {};
  return fail(fmt::format("runtime directory '{}' is below '{}', where other users can replace it: {}", path,
                          parent, kChoose));
}

}  // namespace

Error not_a_directory(const RuntimePaths& paths) {
  return Error(fmt::format("'{}' is not a directory: {}", paths.root(), kChoose));
}

Result<std::string> choose_runtime_directory(const std::string& requested) {
  const std::string chosen =
      requested.empty() ? default_runtime_directory(RuntimePlaceFacts::of_this_process()) : requested;
  std::error_code error;
  const fs::path absolute = fs::absolute(chosen, error);
  if (error) return fail_errno(fmt::format("runtime directory '{}'", chosen), error.value());
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Result<void> prepare_runtime_directory(const RuntimePaths& paths) {
  if (paths.root().find(':') != std::string::npos) {
    return fail(
        fmt::format("runtime directory '{}' has a ':' in its path, which ends a file's name for QEMU: {}",
                    paths.root(), kChoose));
  }
  const bool privileged = ::geteuid() == 0;
  // VMs of other users pass through it, but list nothing: the directories inside are closed.
  const mode_t mode = privileged ? 0755 : 0700;
  if (auto made = make_directory(paths.root(), mode); !made) {
    return tl::unexpected(Error(fmt::format("{} ({})", made.error().message(), kChoose)));
  }
  QVM_TRY(check_private(paths.root()));
  if (privileged) {
    QVM_TRY(check_parents(paths.root()));
  }
  if (::access(paths.root().c_str(), W_OK | X_OK) != 0) {
    return fail_errno(fmt::format("runtime directory '{}' cannot be written ({})", paths.root(), kChoose));
  }
  QVM_TRY(check_socket_lengths(paths, "a"));
  for (const auto& path : {paths.vms(), paths.logs()}) {
    QVM_TRY(make_directory(path, mode));
    QVM_TRY(check_private(path));
  }
  return {};
}

Result<std::string> find_open_parent(const std::string& path) {
  for (fs::path parent = fs::path(path).parent_path();; parent = parent.parent_path()) {
    struct stat facts {};
    if (::stat(parent.c_str(), &facts) != 0) return fail_errno(fmt::format("look at '{}'", parent.string()));
    const bool others_write = (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (facts.st_mode & S_ISVTX) == 0;
    const bool trusted_owner = facts.st_uid == 0 || facts.st_uid == ::geteuid();
    if (others_write || !trusted_owner) return parent.string();
    if (parent == parent.root_path()) return std::string();
  }
}

Result<void> check_socket_lengths(const RuntimePaths& paths, std::string_view vm) {
  const std::size_t monitor = paths.root().size() + kMonitorPath.size() + std::min(vm.size(), kMonitorName);
  const std::size_t console = paths.console_socket(vm).size();
  const std::size_t longest = std::max(monitor, console);
  if (longest <= kMaxSocketPath) return {};
  return fail(fmt::format(
      "runtime directory '{}' has {} bytes, but for the sockets of VM '{}' at most {} are possible: {}",
      paths.root(), paths.root().size(), vm, paths.root().size() - (longest - kMaxSocketPath), kChoose));
}

Result<UniqueFd> lock_file(const std::string& path, LockWait wait) {
  for (;;) {
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return fail_errno(fmt::format("open '{}'", path));
    int locked = -1;
    do {
      locked = ::flock(file.get(), LOCK_EX | (wait == LockWait::no ? LOCK_NB : 0));
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) return fail_errno(fmt::format("lock '{}'", path));
    // The last owner may have removed the file while we waited for it.
    struct stat ours {};
    struct stat current {};
    if (::fstat(file.get(), &ours) == 0 && ::stat(path.c_str(), &current) == 0 &&
        ours.st_ino == current.st_ino && ours.st_dev == current.st_dev) {
      return file;
    }
  }
}

}  // namespace qvm::daemon
