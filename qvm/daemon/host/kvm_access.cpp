// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/kvm_access.h"

#include <acl/libacl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kvm.h>
#include <sys/acl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>
#include <sstream>
#include <type_traits>
#include <utility>

#include "qvm/base/unique_fd.h"
#include "qvm/base/whole_text.h"

namespace qvm::daemon {
namespace {

struct AclFree {
  void operator()(void* object) const { ::acl_free(object); }
};
using AclHandle = std::unique_ptr<std::remove_pointer_t<acl_t>, AclFree>;

// Calls visit(entry, tag) for every entry until it returns true.
template <class Visit>
void for_each_entry(acl_t acl, Visit visit) {
  acl_entry_t entry = nullptr;
  for (int got = ::acl_get_entry(acl, ACL_FIRST_ENTRY, &entry); got == 1;
       got = ::acl_get_entry(acl, ACL_NEXT_ENTRY, &entry)) {
    acl_tag_t tag = ACL_UNDEFINED_TAG;
    if (::acl_get_tag_type(entry, &tag) == 0 && visit(entry, tag)) return;
  }
}

acl_entry_t find_user(acl_t acl, uid_t uid) {
  acl_entry_t found = nullptr;
  for_each_entry(acl, [&](acl_entry_t entry, acl_tag_t tag) {
    if (tag != ACL_USER) return false;
    const std::unique_ptr<void, AclFree> qualifier(::acl_get_qualifier(entry));
    if (qualifier && *static_cast<const uid_t*>(qualifier.get()) == uid) found = entry;
    return found != nullptr;
  });
  return found;
}

bool allows_read_and_write(acl_entry_t entry) {
  acl_permset_t permissions = nullptr;
  return ::acl_get_permset(entry, &permissions) == 0 && ::acl_get_perm(permissions, ACL_READ) == 1 &&
         ::acl_get_perm(permissions, ACL_WRITE) == 1;
}

Result<AclHandle> read_acl(const std::string& path) {
  AclHandle acl(::acl_get_file(path.c_str(), ACL_TYPE_ACCESS));
  if (!acl) return fail_errno(fmt::format("read the access control list of '{}'", path));
  return acl;
}

// True if uid has access already, by an entry of its own or by what everybody may do.
bool may_use(acl_t acl, const std::string& path, uid_t uid) {
  struct stat facts {};
  if (uid == 0 || (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & 06U) == 06U)) return true;
  const acl_entry_t entry = find_user(acl, uid);
  return entry != nullptr && allows_read_and_write(entry);
}

Result<void> grant(acl_t acl, const std::string& path, uid_t uid) {
  acl_entry_t entry = find_user(acl, uid);
  acl_t edited = acl;
  if (entry == nullptr &&
      (::acl_create_entry(&edited, &entry) != 0 || ::acl_set_tag_type(entry, ACL_USER) != 0 ||
       ::acl_set_qualifier(entry, &uid) != 0)) {
    return fail_errno(fmt::format("prepare access to '{}'", path));
  }
  acl_permset_t permissions = nullptr;
  if (::acl_get_permset(entry, &permissions) != 0 || ::acl_add_perm(permissions, ACL_READ) != 0 ||
      ::acl_add_perm(permissions, ACL_WRITE) != 0 || ::acl_calc_mask(&edited) != 0 ||
      ::acl_set_file(path.c_str(), ACL_TYPE_ACCESS, edited) != 0) {
    return fail_errno(
        fmt::format("give {} access to '{}' (does its file system have access control lists? if not, let the "
                    "VM run as a user who can open it)",
                    uid, path));
  }
  return {};
}

// True if uid has no entry any more.
bool revoke(const std::string& path, uid_t uid) {
  auto acl = read_acl(path);
  if (!acl) return false;
  const acl_entry_t entry = find_user(acl->get(), uid);
  if (entry == nullptr) return true;
  ::acl_delete_entry(acl->get(), entry);
  bool named = false;
  acl_entry_t mask = nullptr;
  for_each_entry(acl->get(), [&](acl_entry_t other, acl_tag_t tag) {
    if (tag == ACL_USER || tag == ACL_GROUP) named = true;
    if (tag == ACL_MASK) mask = other;
    return false;
  });
  acl_t edited = acl->get();
  // Without named entries a mask is not needed, and without it the file has plain mode bits again.
  if (!named && mask != nullptr) {
    ::acl_delete_entry(edited, mask);
  } else {
    ::acl_calc_mask(&edited);
  }
  return ::acl_set_file(path.c_str(), ACL_TYPE_ACCESS, edited) == 0;
}

}  // namespace

// A change of the list and the ledger, alone on the host: others wait for its end. Without the device there
// is nothing to change.
class KvmAccess::Change {
 public:
  static Result<Change> begin(KvmAccess& access) {
    if (!access.x_locks) {
      access.x_locks.reset(::open(access.x_device.c_str(), O_RDWR | O_CLOEXEC));
      if (!access.x_locks) return fail_errno(fmt::format("open '{}'", access.x_device));
    }
    if (!lock(access.x_locks.get(), F_OFD_SETLKW, F_WRLCK, kChanges))
      return fail_errno(fmt::format("lock '{}'", access.x_device));
    // One that cannot be read now must not be replaced: whom it names would keep the device for ever.
    auto ledger = read_file(access.x_ledger);
    if (!ledger && ledger.error().code() != ENOENT) {
      lock(access.x_locks.get(), F_OFD_SETLK, F_UNLCK, kChanges);
      return tl::unexpected(std::move(ledger.error()));
    }
    return Change(access, ledger.value_or(std::string()));
  }
  Change(Change&& other) noexcept
      : x_access(std::exchange(other.x_access, nullptr)), x_given(std::move(other.x_given)) {}
  Change& operator=(Change&&) = delete;
  ~Change() {
    if (x_access != nullptr) lock(x_access->x_locks.get(), F_OFD_SETLK, F_UNLCK, kChanges);
  }

  bool hold(uid_t uid) const { return lock(x_access->x_locks.get(), F_OFD_SETLK, F_RDLCK, uid); }
  void let_go(uid_t uid) const { lock(x_access->x_locks.get(), F_OFD_SETLK, F_UNLCK, uid); }

  Result<void> give(uid_t uid) {
    auto acl = QVM_TRY(read_acl(x_access->x_device));
    if (may_use(acl.get(), x_access->x_device, uid)) return {};
    // Written first: a user who never got access does no harm in the ledger.
    x_given.insert(uid);
    QVM_TRY(write_ledger());
    return grant(acl.get(), x_access->x_device, uid);
  }

  // Takes access back from everybody to whom qvm gave it and for whom nobody on this host holds a lease.
  void take_back() {
    const auto taken = std::erase_if(x_given, [this](uid_t uid) {
      return !is_held_elsewhere(uid) && !x_access->x_holders.contains(uid) && revoke(x_access->x_device, uid);
    });
    if (taken != 0) (void)write_ledger();
  }

 private:
  // Behind every user's number.
  static constexpr off_t kChanges = off_t{1} << 32;

  Change(KvmAccess& access, const std::string& ledger) : x_access(&access) {
    std::istringstream numbers(ledger);
    for (uid_t uid = 0; numbers >> uid;) x_given.insert(uid);
  }

  static bool lock(int fd, int command, short kind, off_t place) {
    struct flock range {};
    range.l_type = kind;
    range.l_whence = SEEK_SET;
    range.l_start = place;
    range.l_len = 1;
    int result = 0;
    do {
      result = ::fcntl(fd, command, &range);
    } while (result != 0 && errno == EINTR);
    return result == 0;
  }

  bool is_held_elsewhere(uid_t uid) const {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = uid;
    range.l_len = 1;
    // What cannot be told is taken for held: an entry too many is tried again by the next one.
    return ::fcntl(x_access->x_locks.get(), F_OFD_GETLK, &range) != 0 || range.l_type != F_UNLCK;
  }

  Result<void> write_ledger() const {
    if (x_given.empty()) {
      ::unlink(x_access->x_ledger.c_str());
      return {};
    }
    std::string text;
    for (const uid_t uid : x_given) text += fmt::format("{}\n", uid);
    return replace_file(x_access->x_ledger, text);
  }

  KvmAccess* x_access;
  std::set<uid_t> x_given;  // the ledger
};

void KvmAccess::recover() {
  const std::lock_guard lock(x_mutex);
  if (::access(x_ledger.c_str(), F_OK) != 0) return;
  if (auto change = Change::begin(*this)) change->take_back();
}

Result<void> KvmAccess::acquire(uid_t uid) {
  const std::lock_guard lock(x_mutex);
  if (x_holders.contains(uid)) {
    ++x_holders[uid];
    return {};
  }
  auto change = QVM_TRY(Change::begin(*this));
  if (!change.hold(uid)) return fail_errno(fmt::format("lock '{}'", x_device));
  if (auto given = change.give(uid); !given) {
    change.let_go(uid);
    change.take_back();
    return given;
  }
  x_holders[uid] = 1;
  return {};
}

void KvmAccess::release(uid_t uid) {
  const std::lock_guard lock(x_mutex);
  const auto found = x_holders.find(uid);
  if (found == x_holders.end() || --found->second > 0) return;
  x_holders.erase(found);
  auto change = Change::begin(*this);
  if (!change) return;  // the device is gone, and its list with it
  change->let_go(uid);
  change->take_back();
}

std::string why_no_kvm(const std::string& device) {
  constexpr int kStableApi = 12;
  const UniqueFd kvm(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (!kvm) {
    const Error error = Error::from_errno(fmt::format("open '{}'", device));
    return error.message();
  }
  const int version = ::ioctl(kvm.get(), KVM_GET_API_VERSION, 0);
  if (version != kStableApi)
    return fmt::format("'{}' has API version {}, not {}", device, version, kStableApi);
  return {};
}

std::string why_no_leases(const std::string& device) {
  struct stat facts {};
  if (::stat(device.c_str(), &facts) == 0 && (facts.st_mode & 06U) == 06U) return {};
  const auto acl = read_acl(device);
  if (!acl) return acl.error().message();
  // The same list again changes nothing, and needs the same right.
  if (::acl_set_file(device.c_str(), ACL_TYPE_ACCESS, acl->get()) == 0) return {};
  return Error::from_errno(fmt::format("edit the access control list of '{}'", device)).message();
}

}  // namespace qvm::daemon
