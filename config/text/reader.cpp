// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/reader.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "qvm/base/unique_fd.h"

namespace qvm::config {
namespace {

std::string quoted(std::string_view path) {
  return "read '" + std::string(path) + "'";
}

// O_NONBLOCK keeps a FIFO without a writer from blocking the open; regular files do not care.
Result<UniqueFd> open_for_reading(std::string_view path) {
  const std::string name(path);
  UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail_errno(quoted(path));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(quoted(path));
  if (S_ISDIR(status.st_mode)) return fail_errno(quoted(path), EISDIR);
  return fd;
}

// At most limit bytes; fewer only at the end of the file.
Result<std::string> read_up_to(int fd, std::string_view path, std::uint64_t limit) {
  std::string text;
  char block[16384];
  while (text.size() < limit) {
    const std::size_t wanted = std::min<std::uint64_t>(sizeof block, limit - text.size());
    const ssize_t got = ::read(fd, block, wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(quoted(path));
    if (got == 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

void HostReader::set_default(std::string name, std::string value) {
  x_defaults.insert_or_assign(std::move(name), std::move(value));
}

Result<std::string> HostReader::read(std::string_view path, std::uint64_t limit) {
  auto fd = open_for_reading(path);
  if (!fd) return tl::unexpected<Error>(fd.error());
  auto text = read_up_to(fd->get(), path, limit + 1);
  if (text && text->size() > limit) {
    return fail(quoted(path) + ": larger than " + std::to_string(limit) + " bytes");
  }
  return text;
}

Result<std::string> HostReader::read_head(std::string_view path, std::uint64_t count) {
  auto fd = open_for_reading(path);
  if (!fd) return tl::unexpected<Error>(fd.error());
  return read_up_to(fd->get(), path, count);
}

Result<FileFacts> HostReader::facts(std::string_view path) {
  const std::string name(path);
  struct stat status {};
  if (::stat(name.c_str(), &status) != 0) return fail_errno(quoted(path));
  FileFacts facts;
  facts.size = status.st_size > 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  facts.readable = ::access(name.c_str(), R_OK) == 0;
  facts.regular = S_ISREG(status.st_mode);
  facts.writable = ::access(name.c_str(), W_OK) == 0;
  facts.directory = S_ISDIR(status.st_mode);
  facts.identity = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  return facts;
}

std::optional<std::string> HostReader::environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value != nullptr) return std::string(value);
  const auto found = x_defaults.find(name);
  if (found == x_defaults.end()) return std::nullopt;
  return found->second;
}

bool HostResources::has_cpu(std::uint32_t number) const {
  if (!cpus) return true;
  return numbers.empty() ? number < *cpus : std::binary_search(numbers.begin(), numbers.end(), number);
}

std::string HostResources::cpu_names() const {
  const std::uint32_t count = cpus.value_or(0);
  if (numbers.empty() || (count != 0 && numbers.back() == count - 1)) {
    return count == 1 ? "0" : "0 to " + std::to_string(count == 0 ? 0 : count - 1);
  }
  std::string all;
  for (const std::uint32_t number : numbers) all += (all.empty() ? "" : ", ") + std::to_string(number);
  return all;
}

HostResources HostReader::host() {
  HostResources facts;
  // Not those that are switched off, or that a container does not have.
  cpu_set_t usable;
  if (::sched_getaffinity(0, sizeof usable, &usable) == 0) {
    for (std::uint32_t number = 0; number < CPU_SETSIZE; ++number) {
      if (CPU_ISSET(number, &usable)) facts.numbers.push_back(number);
    }
    facts.cpus = static_cast<std::uint32_t>(facts.numbers.size());
  }
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_size = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_size > 0) {
    facts.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size);
  }
  return facts;
}

Result<std::string> RememberingReader::read(std::string_view path, std::uint64_t limit) {
  return x_other.read(path, limit);
}

Result<std::string> RememberingReader::read_head(std::string_view path, std::uint64_t count) {
  if (count > kHeadBytes) return x_other.read_head(path, count);
  auto found = x_heads.find(path);
  if (found == x_heads.end()) {
    found = x_heads.emplace(std::string(path), x_other.read_head(path, kHeadBytes)).first;
  }
  Result<std::string> head = found->second;
  if (head && head->size() > count) head->resize(count);
  return head;
}

Result<FileFacts> RememberingReader::facts(std::string_view path) {
  auto found = x_facts.find(path);
  if (found == x_facts.end()) found = x_facts.emplace(std::string(path), x_other.facts(path)).first;
  return found->second;
}

std::optional<std::string> RememberingReader::environment(std::string_view name) {
  return x_other.environment(name);
}

HostResources RememberingReader::host() {
  if (!x_host) x_host = x_other.host();
  return *x_host;
}

}  // namespace qvm::config
