// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/file_access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <thread>

#include "qvm/base/unique_fd.h"
#include "qvm/base/whole_text.h"

namespace qvm::daemon {
namespace {

Result<UniqueFd> create_for(const std::optional<VmUser>& who, const std::string& path) {
  ::unlink(path.c_str());
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail_errno(fmt::format("make '{}'", path));
  if (who) {
    if (::fchown(file.get(), static_cast<uid_t>(-1), who->gid) != 0 || ::fchmod(file.get(), 0640) != 0) {
      return fail_errno(fmt::format("give group {} access to '{}'", who->gid, path));
    }
  }
  return file;
}

}  // namespace

bool readable_by(const std::optional<VmUser>& who, const std::string& path) {
  // Root itself needs no other thread, which some user namespaces do not allow.
  if (!who || ::geteuid() != 0 || (who->uid == 0 && who->gid == ::getegid()))
    return ::access(path.c_str(), R_OK) == 0;
  return openable_by(*who, path, O_RDONLY);
}

bool openable_by(const VmUser& who, const std::string& path, int access) {
  bool opened = false;
  // Credentials for file access belong to a thread; this one ends with them. The library's setgroups() would
  // change all threads of the process, the system call itself does not.
  const auto open_as = [&] {
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) return;
    ::setfsgid(who.gid);
    ::setfsuid(who.uid);
    if (static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) != who.uid) return;
    opened = UniqueFd(::open(path.c_str(), access | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)).get() >= 0;
  };
  try {
    std::thread(open_as).join();
  } catch (const std::system_error&) {
    return false;  // the host gives no thread
  }
  return opened;
}

Result<void> write_for(const std::optional<VmUser>& who, const std::string& path, std::string_view text) {
  auto file = QVM_TRY(create_for(who, path));
  if (!write_all(file.get(), text)) return fail_errno(fmt::format("write '{}'", path));
  return {};
}

Result<void> copy_for(const std::optional<VmUser>& who, const std::string& source, const std::string& path) {
  const UniqueFd from(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) return fail_errno(fmt::format("read '{}'", source));
  auto to = QVM_TRY(create_for(who, path));
  for (;;) {
    const ssize_t copied = ::sendfile(to.get(), from.get(), nullptr, 64U << 20U);
    if (copied == 0) return {};
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return fail_errno(fmt::format("copy '{}' to '{}'", source, path));
  }
}

std::string describe(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return fmt::format("user '{}'", found->pw_name);
  }
  return fmt::format("uid {}", uid);
}

}  // namespace qvm::daemon
