// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/kvm_access.h"

#include <acl/libacl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kvm.h>
#include <sys/acl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <type_traits>

#include "qvm/base/unique_fd.h"

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

Result<void> revoke(const std::string& path, uid_t uid) {
  auto acl = read_acl(path);
  if (!acl) return tl::unexpected(std::move(acl.error()));
  const acl_entry_t entry = find_user(acl->get(), uid);
  if (entry == nullptr) return {};
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
  if (::acl_set_file(path.c_str(), ACL_TYPE_ACCESS, edited) != 0) {
    return fail_errno(fmt::format("take access to '{}' back from {}", path, uid));
  }
  return {};
}

}  // namespace

void KvmAccess::recover() {
  std::ifstream ledger(x_ledger);
  for (uid_t uid = 0; ledger >> uid;) (void)revoke(x_device, uid);
  ::unlink(x_ledger.c_str());
}

Result<void> KvmAccess::write_ledger() {
  bool any = false;
  std::ofstream ledger(x_ledger, std::ios::trunc);
  for (const auto& [uid, lease] : x_leases) {
    if (!lease.granted) continue;
    ledger << uid << '\n';
    any = true;
  }
  ledger.close();
  if (!ledger) return fail_errno(fmt::format("write '{}'", x_ledger));
  if (!any) ::unlink(x_ledger.c_str());
  return {};
}

Result<void> KvmAccess::acquire(uid_t uid) {
  const std::lock_guard lock(x_mutex);
  Lease& lease = x_leases[uid];
  if (lease.holders++ > 0) return {};
  auto drop = [&](Error error) {
    x_leases.erase(uid);
    (void)write_ledger();
    return tl::unexpected<Error>(std::move(error));
  };
  auto acl = read_acl(x_device);
  if (!acl) return drop(std::move(acl.error()));
  if (may_use(acl->get(), x_device, uid)) return {};
  lease.granted = true;
  // Written first: a lease that was never granted does no harm in the ledger.
  if (auto written = write_ledger(); !written) return drop(std::move(written.error()));
  if (auto granted = grant(acl->get(), x_device, uid); !granted) return drop(std::move(granted.error()));
  return {};
}

void KvmAccess::release(uid_t uid) {
  const std::lock_guard lock(x_mutex);
  const auto found = x_leases.find(uid);
  if (found == x_leases.end() || --found->second.holders > 0) return;
  const bool granted = found->second.granted;
  x_leases.erase(found);
  if (!granted) return;
  (void)revoke(x_device, uid);
  (void)write_ledger();
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

}  // namespace qvm::daemon
