// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/host_objects.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "qvm/base/own_groups.h"
#include "qvm/daemon/files/domain_files.h"
#include "qvm/daemon/files/file_access.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using Kind = vdevs::HostObject::Kind;

std::string what_is(const plan::HostObject& object) {
  switch (object.kind) {
    case Kind::bridge:
      return fmt::format("bridge '{}'", object.name);
    case Kind::tap:
      return fmt::format("tap device '{}'", object.name);
    case Kind::network:
      return fmt::format("network '{}'", object.name);
    case Kind::device:
      return fmt::format("device '{}'", object.name);
    case Kind::path:
      return fmt::format("'{}'", object.name);
    case Kind::pci:
      return fmt::format("device {}", object.name);
  }
  return object.name;
}

tl::unexpected<Error> complain(const plan::HostObject& object, std::string_view what, std::string_view help) {
  return fail(fmt::format("{}: {}: {}: {}", object.place, what_is(object), what, help));
}

std::string make_tap(const std::string& name) {
  return fmt::format("make it ('ip tuntap add dev {} mode tap user {}'), or correct the name", name,
                     ::geteuid());
}

std::string make_bridge(const std::string& name) {
  return fmt::format("make it ('ip link add {} type bridge'), or correct the name", name);
}

// A file with one number; nullopt if there is none.
std::optional<long> read_number(const fs::path& path, int base) {
  std::ifstream file(path);
  std::string text;
  if (!(file >> text)) return std::nullopt;
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, base);
  return end == text.c_str() ? std::nullopt : std::optional(value);
}

// What the kernel tells of a network device of this process's network. A /sys that was mounted in another
// network namespace (unshare --net) tells of other devices by the same name, or of none.
struct NetworkDevice {
  bool exists = false;
  std::optional<fs::path> attributes{};  // absent: it cannot be told
};

NetworkDevice find_network_device(const std::string& name, const NetworkDevices& devices) {
  const unsigned index = devices.index(name);
  const fs::path attributes = fs::path(devices.directory) / name;
  if (index == 0) return {};
  if (read_number(attributes / "ifindex", 10) != static_cast<long>(index)) return {.exists = true};
  return {.exists = true, .attributes = attributes};
}

Result<void> check_bridge(const plan::HostObject& object, const NetworkDevice& device) {
  if (!device.exists) return complain(object, "there is no such network device", make_bridge(object.name));
  std::error_code error;
  if (device.attributes && !fs::is_directory(*device.attributes / "bridge", error))
    return complain(object, "it is no bridge", make_bridge("NAME"));
  return {};
}

Result<void> check_tap(const plan::HostObject& object, const NetworkDevice& found) {
  // Of include/uapi/linux/if_tun.h: a device that has packets of IP instead of frames.
  constexpr long kTun = 1;
  constexpr long kKind = 3;
  if (!found.exists) return complain(object, "there is no such network device", make_tap(object.name));
  if (!found.attributes) return {};
  const fs::path& device = *found.attributes;
  const auto flags = read_number(device / "tun_flags", 16);
  if (!flags || (*flags & kKind) == kTun) return complain(object, "it is no tap device", make_tap("NAME"));
  if (::geteuid() == 0) return {};
  // -1: nobody's in particular, which keeps nobody out. Both count, as in the kernel's tun_not_capable().
  const long owner = read_number(device / "owner", 10).value_or(-1);
  const long group = read_number(device / "group", 10).value_or(-1);
  const bool fits_owner = owner < 0 || owner == static_cast<long>(::geteuid());
  if (fits_owner && (group < 0 || is_member(static_cast<gid_t>(group)))) return {};
  return complain(object, fmt::format("it does not belong to {}", describe(::geteuid())),
                  fmt::format("make one that does ('ip tuntap add dev {} mode tap user {}' as root)",
                              object.name, ::geteuid()));
}

Result<void> check_device(const plan::HostObject& object) {
  struct stat facts {};
  if (::stat(object.name.c_str(), &facts) != 0) {
    return complain(object, Error::from_errno("it cannot be found").message(),
                    "correct the path, or plug the device in");
  }
  if (S_ISCHR(facts.st_mode)) return {};
  return complain(object, "it is no character device",
                  "name one, or write '<FILE' and '>FILE' for a file's input and output");
}

Result<void> check(const plan::HostObject& object, const NetworkDevices& devices) {
  switch (object.kind) {
    case Kind::bridge:
      return check_bridge(object, find_network_device(object.name, devices));
    case Kind::tap:
      return check_tap(object, find_network_device(object.name, devices));
    case Kind::device:
      return check_device(object);
    case Kind::network:
    case Kind::path:
    case Kind::pci:
      return {};
  }
  return {};
}

// What could still be wrong with it; empty: who knows.
std::string remedy(const plan::VmPlan& plan, const plan::HostObject& object, std::string_view message) {
  const bool denied = message.find("ermission denied") != std::string_view::npos;
  switch (object.kind) {
    case Kind::bridge:
      if (::geteuid() == 0) return {};
      return fmt::format(
          "VMs of a user join a bridge by QEMU's bridge helper: it needs the line 'allow {}' in "
          "/etc/qemu/bridge.conf, and to be set-user-ID root ('chmod u+s /usr/lib/qemu/qemu-bridge-helper')",
          object.name);
    case Kind::device:
    case Kind::path: {
      if (message.find("No such file") != std::string_view::npos)
        return "correct the path, or make what is missing";
      if (!denied) return {};
      const auto who = identity_of(plan);
      const uid_t uid = who ? who->uid : ::geteuid();
      return fmt::format("{} needs permission for it ('setfacl -m u:{}:rw {}', package acl){}", describe(uid),
                         uid, object.name, who ? ", or name a 'uid' in the manifest that has it" : "");
    }
    case Kind::network:
      if (message.find("-sock") != std::string_view::npos)
        return "libvirt's networks take its daemon ('systemctl start virtnetworkd', or libvirtd)";
      return fmt::format(
          "'virsh net-list --all' lists the networks; 'virsh net-start {}' starts one that is not active",
          object.name);
    case Kind::tap:
    case Kind::pci:
      return {};
  }
  return {};
}

// Whether text has name as a word of its own: "/a/font" is not in "/a/font.bold".
bool has_name(std::string_view text, std::string_view name) {
  const auto goes_on = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("/._-").find(c) != std::string_view::npos;
  };
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool starts = at == 0 || !goes_on(text[at - 1]);
    if (starts && (end == text.size() || !goes_on(text[end]))) return true;
  }
  return false;
}

bool is_about(const plan::HostObject& object, std::string_view message) {
  // Without that daemon libvirt does not come to the name.
  if (object.kind == Kind::network && message.find("virtnetworkd") != std::string_view::npos) return true;
  return has_name(message, object.name);
}

}  // namespace

NetworkDevices network_devices() {
  return {.directory = "/sys/class/net",
          .index = [](const std::string& name) { return ::if_nametoindex(name.c_str()); }};
}

Result<void> check_host_objects(const plan::VmPlan& plan, const NetworkDevices& devices) {
  for (const plan::HostObject& object : plan.host_objects) {
    QVM_TRY(check(object, devices));
  }
  return {};
}

Error explain_host_object(const plan::VmPlan& plan, Error error) {
  for (const plan::HostObject& object : plan.host_objects) {
    if (!is_about(object, error.message())) continue;
    const std::string help = remedy(plan, object, error.message());
    return Error(fmt::format("{}: {}{}{}", object.place, error.message(), help.empty() ? "" : ": ", help));
  }
  return error;
}

}  // namespace qvm::daemon
