// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A journal of any content: what can be read is read the same twice, can be continued, and never leaves the
// manager in a state from which it cannot go on.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "qvm/regions/model/codec.h"
#include "qvm/regions/model/manager.h"
#include "qvm/regions/server/journal.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/targets.h"

namespace qvm::fuzz {
namespace {

using namespace qvm::regions;

constexpr std::size_t kMaxRecords = 64;

// In memory where that is possible: an input is a file.
class Directory {
 public:
  Directory() {
    std::string path =
        std::filesystem::exists("/dev/shm") ? "/dev/shm/qvm-fuzz-XXXXXX" : "/tmp/qvm-fuzz-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no directory for the journal");
    x_path = path;
    x_directory.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  int fd() const { return x_directory.get(); }
  void fill(const std::string& text) const {
    const UniqueFd file(::openat(fd(), "journal", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("cannot write the journal");
  }
  std::uint64_t size() const {
    struct stat facts {};
    return ::fstatat(fd(), "journal", &facts, 0) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
  }

 private:
  std::string x_path;
  UniqueFd x_directory;
};

const Directory& directory() {
  static const Directory one;
  return one;
}

std::string check_file(const std::string& text) {
  directory().fill(text);
  auto first = Journal::open(directory().fd());
  if (!first) return first.error().message();
  if (directory().size() > text.size() + 8) return "opening a journal made it longer";
  if (!first->journal.append({"one more"})) return "the journal cannot be continued";
  auto again = Journal::open(directory().fd());
  if (!again) return again.error().message();
  std::vector<std::string> expected = first->records;
  expected.emplace_back("one more");
  if (again->records != expected || again->damaged) return "what was read is not what is read again";
  if (!again->journal.rewrite(first->records)) return "the journal cannot be rewritten";
  auto rewritten = Journal::open(directory().fd());
  return rewritten && rewritten->records == first->records ? "" : "a rewritten journal is another one";
}

std::vector<std::string> encoded(const Events& events) {
  std::vector<std::string> records;
  for (const Event& event : events) records.push_back(encode(event));
  return records;
}

std::string check_same(const Manager& manager) {
  Manager copy;
  for (const Event& event : manager.snapshot()) {
    if (const auto applied = copy.apply(event); !applied)
      return "a snapshot contradicts itself: " + applied.error().message();
  }
  return encoded(copy.snapshot()) == encoded(manager.snapshot()) ? "" : "a snapshot rebuilds another state";
}

// Everything that a successor may do with what it has read.
void go_on(Manager& manager) {
  std::vector<Id> sessions;
  for (const auto& [id, session] : manager.sessions()) sessions.push_back(id);
  for (const Id id : sessions) {
    (void)manager.judge(id, "region", 1);
    (void)manager.attach(id, "region", 1, 0600, 0);
    (void)manager.attach(id, "another", 0, 0, 0);
  }
  for (std::size_t i = 0; i < sessions.size(); i += 2) (void)manager.close_session(sessions[i]);
  std::vector<std::string> vms;
  for (const auto& [id, vm] : manager.vms()) vms.push_back(vm.added.policy.vm);
  for (const std::string& vm : vms) (void)manager.remove_vm(vm);
  std::vector<std::string> regions;
  for (const auto& [id, region] : manager.regions()) regions.push_back(region.created.name);
  for (const std::string& region : regions) (void)manager.remove_region(region);
  sessions.clear();
  for (const auto& [id, session] : manager.sessions()) sessions.push_back(id);
  for (const Id id : sessions) (void)manager.close_session(id);
}

std::string check_records(Bytes input) {
  Manager manager;
  for (std::size_t i = 0; i < kMaxRecords && !input.empty(); ++i) {
    const std::string record = input.text(input.byte());
    const auto event = decode_event(record);
    if (!event) continue;
    if (encode(*event) != record) return "a record is written differently from what was read";
    if (!manager.apply(*event)) {
      if (std::string problem = check_same(manager); !problem.empty()) return "after a refusal: " + problem;
    }
  }
  if (std::string problem = check_same(manager); !problem.empty()) return problem;
  go_on(manager);
  if (!manager.sessions().empty() || !manager.vms().empty())
    return "what is closed and removed is still there";
  if (!manager.connections().empty()) return "a connection outlives its session";
  return check_same(manager);
}

}  // namespace

std::string check_journal_input(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return "";
  // The first byte chooses; records alone get behind the checksum.
  if (data[0] % 2 == 0) return check_records(Bytes(data + 1, size - 1));
  return check_file(std::string(data + 1, data + size));
}

}  // namespace qvm::fuzz
