// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/stray_domains.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <latch>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "qvm/base/control_groups.h"
#include "qvm/base/process_limits.h"
#include "qvm/base/unique_fd.h"
#include "qvm/host/domain_process.h"
#include "qvm/host/embed_root.h"

namespace qvm::host {
namespace {

namespace fs = std::filesystem;

// libvirt keeps the old state of a domain until the new one is written.
constexpr std::uint64_t kCopies = 2;
// Of libvirt's own files, and of what others write meanwhile.
constexpr std::uint64_t kSpareBytes = 256 * 1024;
// For a domain: monitor, guest agent, log, pidfd and what is open while it is looked at; for libvirt itself.
constexpr std::uint64_t kFilesOfADomain = 8;
constexpr std::uint64_t kFilesOfLibvirt = 32;
// One that takes the domain over, and one that serves its monitor from then on.
constexpr std::size_t kThreadsOfADomain = 2;

// Domains that libvirt has noted.
std::vector<std::string> noted_domains(const std::string& embed_root) {
  std::vector<std::string> domains;
  std::error_code error;
  for (fs::directory_iterator entry(embed_root + "/run/qemu", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".xml") domains.push_back(entry->path().stem().string());
  }
  return domains;
}

// A group's number of processes tells by itself. Who else bounds them does not, and is asked by trying, which
// takes from everybody for a moment what is there.
Result<void> check_threads(std::size_t count) {
  for (const std::string& group : control_groups("pids")) {
    const auto most = number_in(read_text(group + "/pids.max"));
    const auto now = number_in(read_text(group + "/pids.current"));
    if (most && now && *now + count > *most)
      return fail(explain_limit(Error::from_errno("make a thread", EAGAIN).message()));
  }
  std::latch all_made(1);
  std::vector<std::jthread> threads;
  threads.reserve(count);
  std::string why;
  for (std::size_t i = 0; i < count && why.empty(); ++i) {
    try {
      threads.emplace_back([&] { all_made.wait(); });
    } catch (const std::system_error& error) {
      why = error.code().message();
    }
  }
  all_made.count_down();
  return why.empty() ? Result<void>() : fail(explain_limit("make a thread: " + why));
}

void forget(const std::string& embed_root, const std::string& domain) {
  std::error_code ignored;
  fs::remove(status_file(embed_root, domain), ignored);
  fs::remove(pid_file(embed_root, domain), ignored);
}

}  // namespace

void abandon_domain(const std::string& embed_root, const std::string& domain) {
  kill_domain_process(embed_root, domain);
  forget(embed_root, domain);
}

void forget_dead_domains(const std::string& embed_root) {
  for (const std::string& domain : noted_domains(embed_root)) {
    if (domain_process(embed_root, domain) == 0) forget(embed_root, domain);
  }
}

Result<void> check_room(const std::string& directory, std::uint64_t bytes) {
  const std::string path = directory + "/.room";
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail_errno(fmt::format("make '{}'", path));
  const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
  ::unlink(path.c_str());
  if (error == 0) return {};
  return fail_errno(fmt::format("there is no room for {} bytes in '{}'", bytes, directory), error);
}

Result<void> check_takeover(const std::string& embed_root) {
  std::uint64_t bytes = 0;
  std::size_t domains = 0;
  for (const std::string& domain : noted_domains(embed_root)) {
    if (domain_process(embed_root, domain) == 0) continue;
    std::error_code error;
    const auto size = fs::file_size(status_file(embed_root, domain), error);
    bytes += error ? 0 : size;
    ++domains;
  }
  if (domains == 0) return {};
  constexpr const char* kContext = "libvirt would end the VMs that run";
  if (auto room = check_room(embed_root + "/run/qemu", bytes * kCopies + kSpareBytes); !room)
    return fail_from(std::move(room), kContext);
  if (auto files = check_file_limit(process_limit(RLIMIT_NOFILE), count_open_files(),
                                    domains * kFilesOfADomain + kFilesOfLibvirt, "taking VMs over");
      !files) {
    return fail_from(std::move(files), kContext);
  }
  if (auto threads = check_threads(domains * kThreadsOfADomain); !threads)
    return fail_from(std::move(threads), kContext);
  return {};
}

}  // namespace qvm::host
