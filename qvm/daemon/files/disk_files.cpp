// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/disk_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace qvm::daemon {
namespace {

// QEMU's image locking: whoever writes an image locks the one byte, whoever can bear no writer the other.
constexpr off_t kWriterByte = 101;
constexpr off_t kNoWriterByte = 201;

bool is_locked(int fd, off_t byte) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = byte;
  range.l_len = 1;
  return ::fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

class DiskOpener {
 public:
  DiskOpener(const plan::Disk& disk, const std::optional<VmUser>& who) : x_disk(disk), x_who(who) {}

  Result<UniqueFd> run() {
    QVM_TRY(find_kind());
    const int access = x_disk.writable ? O_RDWR : O_RDONLY;
    UniqueFd fd = open(access);
    if (!fd) return refuse_open(errno);
    if (x_block && x_who && !openable_by(*x_who, x_disk.path, access)) return refuse_user();
    if (is_locked(fd.get(), x_disk.writable ? kNoWriterByte : kWriterByte)) {
      return complain(
          x_disk.writable ? "another program, perhaps a VM, uses it"
                          : "another program, perhaps a VM, writes it",
          "end that one, or give each VM a disk of its own; only VMs that all have '<' before the "
          "path can share one");
    }
    return fd;
  }

  bool block() const { return x_block; }
  bool direct() const { return x_direct; }

 private:
  // Past the host's cache if the disk wants that and the file can do it. QEMU 9.1 and later takes a
  // descriptor only in the mode in which it would have opened the file itself. Every block device can do it.
  UniqueFd open(int access) {
    const int flags = access | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    if (x_disk.direct && !x_block) {
      UniqueFd fd(::open(x_disk.path.c_str(), flags | O_DIRECT));
      x_direct = static_cast<bool>(fd);
      if (x_direct) return fd;
    }
    return UniqueFd(::open(x_disk.path.c_str(), flags));
  }

  tl::unexpected<Error> complain(const std::string& what, const std::string& help) const {
    return fail(fmt::format("{}: disk '{}': {}: {}", x_disk.place, x_disk.path, what, help));
  }

  Result<void> find_kind() {
    struct stat facts {};
    if (::stat(x_disk.path.c_str(), &facts) != 0) {
      if (errno != ENOENT && errno != ENOTDIR) return refuse_open(errno);
      return complain("there is no such file", "correct the path, or make the file ('truncate -s 1G FILE')");
    }
    x_block = S_ISBLK(facts.st_mode);
    if (x_block || S_ISREG(facts.st_mode)) return {};
    if (S_ISDIR(facts.st_mode)) return complain("it is a directory", "a disk is a file or a block device");
    return complain("it is neither a file nor a block device", "name one that is");
  }

  tl::unexpected<Error> refuse_open(int code) const {
    std::string help = fmt::format("{} needs permission to {}", describe(::geteuid()),
                                   x_disk.writable ? "read and write it" : "read it");
    if (x_disk.writable) help += ", or write '<' before the path for reading only";
    return complain(Error::from_errno("it cannot be opened", code).message(), help);
  }

  tl::unexpected<Error> refuse_user() const {
    return complain(
        fmt::format("the VM's {} cannot open this device", describe(x_who->uid)),
        fmt::format(
            "allow it ('setfacl -m u:{}:{} {}', package acl), or name a 'uid' in the manifest that may",
            x_who->uid, x_disk.writable ? "rw" : "r", x_disk.path));
  }

  const plan::Disk& x_disk;
  const std::optional<VmUser>& x_who;
  bool x_block = false;
  bool x_direct = true;
};

}  // namespace

Result<std::vector<host::PassedFile>> open_disks(const std::vector<plan::Disk>& disks,
                                                 const std::optional<VmUser>& who, pugi::xml_node domain,
                                                 const std::function<void(const std::string&)>& note) {
  std::vector<host::PassedFile> passed;
  for (const plan::Disk& disk : disks) {
    DiskOpener opener(disk, who);
    auto fd = QVM_TRY(opener.run());
    pugi::xml_node node = domain.child("devices").find_child(
        [&](const pugi::xml_node& one) { return disk.name == one.child("target").attribute("dev").value(); });
    pugi::xml_node source = node.child("source");
    if (opener.block()) {
      node.attribute("type").set_value("block");
      source.attribute("file").set_name("dev");
    } else if (who) {
      source.append_attribute("fdgroup") = disk.name.c_str();
      passed.push_back({disk.name, std::move(fd)});
    }
    if (!opener.direct()) {
      node.child("driver").attribute("cache").set_value("writeback");
      note(fmt::format("{}: disk '{}': 'dio enable' has no effect: its file system has no direct I/O",
                       disk.place, disk.path));
    }
  }
  return passed;
}

}  // namespace qvm::daemon
