// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "qvm/base/unique_fd.h"
#include "qvm/base/whole_text.h"

namespace qvm::lint {
namespace {

// Gone unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string name)
      : x_name(std::move(name)), x_fd(::mkostemp(x_name.data(), O_CLOEXEC)) {}
  ~TemporaryFile() {
    if (x_fd && !x_renamed) ::unlink(x_name.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool exists() const { return static_cast<bool>(x_fd); }

  bool write(std::string_view text) { return write_all(x_fd.get(), text); }

  bool take_over(const struct stat& original) {
    // Who may not give files away owns the new one; the mode comes last because a change of owner clears
    // bits.
    const bool owned = original.st_uid == ::geteuid() && original.st_gid == ::getegid();
    if (!owned && ::fchown(x_fd.get(), original.st_uid, original.st_gid) != 0 && errno != EPERM) return false;
    return ::fchmod(x_fd.get(), original.st_mode & 07777) == 0 && ::fsync(x_fd.get()) == 0;
  }

  bool rename_to(const std::string& path) {
    x_renamed = ::rename(x_name.c_str(), path.c_str()) == 0;
    return x_renamed;
  }

 private:
  std::string x_name;
  UniqueFd x_fd;
  bool x_renamed = false;
};

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string what = "write '" + path + "'";
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) return fail_errno(what, error.value());
  struct stat original {};
  if (::stat(real.c_str(), &original) != 0) return fail_errno(what);
  if (!S_ISREG(original.st_mode)) return fail(what + ": not a regular file");
  // A rename needs no right to write the file itself; whoever took that right away meant it.
  if (::access(real.c_str(), W_OK) != 0) return fail_errno(what);
  TemporaryFile file((real.parent_path() / ("." + real.filename().string() + ".XXXXXX")).string());
  if (!file.exists() || !file.write(text) || !file.take_over(original) || !file.rename_to(real.string())) {
    return fail_errno(what);
  }
  return {};
}

}  // namespace qvm::lint
