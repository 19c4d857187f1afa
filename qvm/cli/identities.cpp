// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/identities.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "qvm/base/own_groups.h"
#include "qvm/cli/vm_accounts.h"

namespace qvm::cli {

namespace {

constexpr const char* kVmAccount = "libvirt-qemu";
constexpr const char* kRule = "account";
constexpr const char* kRangeVariable = "QVM_VM_UIDS";

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // All ones means "leave as it is" to the system calls that would take it.
  if (error != std::errc() || end != text.data() + text.size() || value == UINT32_MAX) return std::nullopt;
  return value;
}

void report(config::DiagnosticSink& sink, const config::SourceRange& where, std::string message,
            std::string help) {
  config::Diagnostic finding;
  finding.rule = kRule;
  finding.where = where;
  finding.message = std::move(message);
  finding.help = std::move(help);
  sink.add(std::move(finding));
}

std::optional<uid_t> user(const config::Located<config::Account>& account, config::DiagnosticSink& sink) {
  if (const auto id = number(account.value.text)) return id;
  if (const passwd* entry = ::getpwnam(account.value.text.c_str())) return entry->pw_uid;
  report(sink, account.where, fmt::format("there is no user '{}' on this host", account.value.text),
         "name an existing user or give a number");
  return std::nullopt;
}

std::optional<gid_t> group(const config::Located<config::Account>& account, config::DiagnosticSink& sink) {
  if (const auto id = number(account.value.text)) return id;
  if (const auto id = find_group(account.value.text)) return id;
  report(sink, account.where, fmt::format("there is no group '{}' on this host", account.value.text),
         "name an existing group or give a number");
  return std::nullopt;
}

// An account that a container's image names, but not the user namespace it runs in.
void report_absent(config::DiagnosticSink& sink, const config::SourceRange& where, std::string_view kind,
                   std::uint32_t id) {
  report(sink, where,
         fmt::format("this container has no {} {}: its user namespace lacks that number", kind, id),
         "name another account, or start the container with more users");
}

// Of a user namespace that has fewer users than the range.
void shared_identity(const IdMaps& maps, plan::HostFacts& host, config::DiagnosticSink& sink) {
  const passwd* entry = ::getpwnam(kVmAccount);
  // The image may know an account whose number the container has not.
  if (entry != nullptr && !(maps.has_user(entry->pw_uid) && maps.has_group(entry->pw_gid))) entry = nullptr;
  host.uid = entry != nullptr ? entry->pw_uid : 0;
  host.gid = entry != nullptr ? entry->pw_gid : 0;
  config::Diagnostic finding;
  finding.severity = config::Severity::warning;
  finding.rule = kRule;
  finding.message = fmt::format(
      "VMs without an account all run as {}: this host, or container, has not all users of {}-{}",
      entry != nullptr ? fmt::format("user '{}'", kVmAccount) : "root", UidRange().first, UidRange().last);
  finding.help =
      fmt::format("name a range that it has in {}, or give each VM a 'uid' in a manifest", kRangeVariable);
  sink.add(std::move(finding));
}

void refuse(config::DiagnosticSink& sink, std::string message) {
  config::Diagnostic finding;
  finding.rule = kRule;
  finding.message = std::move(message);
  finding.help =
      fmt::format("give the VM a 'uid' in a manifest, or name another range in {}", kRangeVariable);
  sink.add(std::move(finding));
}

void own_identity(const std::string& vm, plan::HostFacts& host, config::DiagnosticSink& sink) {
  const char* chosen = std::getenv(kRangeVariable);
  UidRange range;
  if (chosen != nullptr) {
    auto parsed = parse_uid_range(chosen);
    if (!parsed) return refuse(sink, fmt::format("{}: {}", kRangeVariable, parsed.error().message()));
    range = *parsed;
  }
  const auto maps = IdMaps::of_this_process();
  if (!maps.has(range)) {
    if (chosen == nullptr) return shared_identity(maps, host, sink);
    return refuse(
        sink, fmt::format("{}: this host, or container, has not all users of {}", kRangeVariable, chosen));
  }
  const uid_t uid = uid_for(range, host.runtime_directory, vm);
  if (const passwd* entry = ::getpwuid(uid)) {
    return refuse(sink,
                  fmt::format("VM '{}' would run as uid {}, and that is user '{}'", vm, uid, entry->pw_name));
  }
  host.uid = uid;
  host.gid = uid;
  host.own_uid = true;
}

// A numeric user without a group of its own in the manifest: the group of that number, never root's.
gid_t group_of(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_gid : uid;
}

}  // namespace

std::optional<gid_t> find_group(const std::string& name) {
  const ::group* entry = ::getgrnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  return entry->gr_gid;
}

void resolve_identity(const std::string& vm, const config::VmEntry* entry, plan::HostFacts& host,
                      config::DiagnosticSink& sink) {
  host.caller_uid = ::geteuid();
  host.caller_gid = ::getegid();
  const bool given = entry != nullptr && (entry->uid || entry->gid || !entry->groups.empty());
  if (host.caller_uid != 0) {
    if (!given) return;
    const auto where = entry->uid   ? entry->uid->where
                       : entry->gid ? entry->gid->where
                                    : entry->groups.front().where;
    return report(sink, where, fmt::format("only root can give VM '{}' an account of its own", vm),
                  "leave 'uid', 'gid' and 'groups' out, or run qvm as root");
  }
  const auto maps = IdMaps::of_this_process();
  if (!given || !entry->uid) own_identity(vm, host, sink);
  if (!given) return;
  if (entry->uid) {
    if (const auto id = user(*entry->uid, sink)) {
      if (!maps.has_user(*id)) report_absent(sink, entry->uid->where, "user", *id);
      host.uid = id;
      host.gid = group_of(*id);
    }
  }
  if (entry->gid) {
    if (const auto id = group(*entry->gid, sink)) host.gid = id;
  }
  if (const auto& account = entry->gid ? entry->gid : entry->uid;
      account && host.gid && !maps.has_group(*host.gid)) {
    report_absent(sink, account->where, "group", *host.gid);
  }
  for (const auto& account : entry->groups) {
    if (const auto id = group(account, sink)) host.groups.push_back(*id);
  }
}

regions::RegionSpec resolve_region(const config::RegionEntry& entry, const config::SourceSet& sources,
                                   config::DiagnosticSink& sink) {
  regions::RegionSpec region;
  region.name = entry.name.value;
  region.bytes = entry.size_bytes.value;
  if (entry.mode) region.mode = entry.mode->value;
  region.owner = entry.owner ? user(*entry.owner, sink).value_or(0) : ::geteuid();
  region.group = entry.group ? group(*entry.group, sink).value_or(0) : ::getegid();
  if (entry.huge_pages) {
    using From = config::HugePages;
    using To = regions::HugePages;
    const From asked = entry.huge_pages->value;
    region.backing.huge_pages = asked == From::require  ? To::require
                                : asked == From::advise ? To::advise
                                                        : To::none;
  }
  region.backing.lock = entry.lock && entry.lock->value;
  region.place = sources.describe(entry.name.where);
  return region;
}

regions::SystemLimits resolve_limits(const config::SystemConfig& manifest, const config::SourceSet& sources) {
  constexpr auto kMany = std::numeric_limits<std::uint32_t>::max();
  regions::SystemLimits result;
  const config::RegionLimits& limits = manifest.limits;
  if (!limits.where.valid()) return result;
  std::error_code ignored;
  result.system = std::filesystem::absolute(manifest.path, ignored).lexically_normal().string();
  result.bytes = limits.memory ? limits.memory->value : std::numeric_limits<std::uint64_t>::max();
  result.regions = limits.regions ? limits.regions->value : kMany;
  result.connections = limits.clients ? limits.clients->value : kMany;
  result.place = sources.describe(limits.where);
  return result;
}

void apply_limits(const config::RegionLimits& limits, const config::SourceSet& sources,
                  regions::VmPolicy& policy) {
  if (!limits.where.valid()) return;
  policy.limits_place = sources.describe(limits.where);
  if (limits.memory) policy.bytes = limits.memory->value;
  if (limits.regions) policy.regions = limits.regions->value;
  if (limits.clients) policy.connections = limits.clients->value;
  if (limits.clients_per_region) policy.connections_per_region = limits.clients_per_region->value;
}

Result<regions::Identity> resolve_program(const std::string& account) {
  regions::Identity who{::geteuid(), ::getegid(), {}};
  if (account.empty()) {
    who.groups = QVM_TRY(own_groups());
    return who;
  }
  const auto id = number(account);
  const passwd* entry = id ? ::getpwuid(*id) : ::getpwnam(account.c_str());
  if (entry == nullptr) {
    if (!id) return fail(fmt::format("there is no user '{}' on this host", account));
    // As for a VM: the group of that number, and no other.
    return regions::Identity{*id, *id, {}};
  }
  who.uid = entry->pw_uid;
  who.gid = entry->pw_gid;
  who.groups.resize(kMostGroups);
  int count = kMostGroups;
  if (::getgrouplist(entry->pw_name, entry->pw_gid, who.groups.data(), &count) < 0)
    return fail(fmt::format("user '{}' has too many groups", account));
  who.groups.resize(static_cast<std::size_t>(count));
  return who;
}

}  // namespace qvm::cli
