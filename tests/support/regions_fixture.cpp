// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/regions_fixture.h"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "qvm/base/unique_fd.h"
#include "tests/support/file_content.h"

namespace qvm::regions {
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

std::string regiond_program() {
  return QVM_BINARY_DIR "/bin/qvm-regiond";
}

// Returns when the process is dead; a zombie is.
bool wait_for_death(pid_t pid, std::chrono::milliseconds deadline) {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return true;
  pollfd waiting{process.get(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(deadline.count())) == 1;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace

void kill_if_there(pid_t pid) {
  if (::kill(pid, SIGKILL) != 0) return;
  ASSERT_TRUE(wait_for_death(pid, std::chrono::seconds(10)));
}

void kill_and_wait(pid_t pid) {
  ASSERT_EQ(::kill(pid, SIGKILL), 0) << pid;
  ASSERT_TRUE(wait_for_death(pid, std::chrono::seconds(10)));
}

void RegionsFixture::SetUp() {
  make_directory();
  reopen_admin();
}

void RegionsFixture::make_directory() {
  std::string name = (fs::temp_directory_path() / "qvm-regions-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  x_directory = name;
}

void RegionsFixture::reopen_admin() {
  auto opened = Admin::open(x_directory, regiond_program());
  ASSERT_TRUE(opened) << opened.error().message();
  x_admin = std::move(*opened);
}

void RegionsFixture::TearDown() {
  x_admin.reset();
  // A keeper may be about to start another daemon, or a daemon another keeper: look again until there is
  // neither. Keepers first: without one, a daemon that is not there now will not come.
  for (int round = 0; round < 5; ++round) {
    std::vector<pid_t> all = keeper_pids();
    const auto daemons = daemon_pids();
    all.insert(all.end(), daemons.begin(), daemons.end());
    if (all.empty()) break;
    for (const pid_t pid : all) {
      EXPECT_TRUE(wait_for_death(pid, kDeadline)) << "process " << pid << " did not end by itself";
    }
  }
  EXPECT_TRUE(daemon_pids().empty());
  EXPECT_TRUE(keeper_pids().empty());
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(x_directory))
    left.push_back(entry.path().string());
  std::erase_if(left, [this](const std::string& path) { return path.starts_with(x_directory + "/log"); });
  EXPECT_TRUE(left.empty()) << left.front() << " is left";
  if (HasFailure()) std::cerr << log();
  for (const pid_t pid : daemon_pids()) ::kill(pid, SIGKILL);
  for (const pid_t pid : keeper_pids()) ::kill(pid, SIGKILL);
  fs::remove_all(x_directory);
}

VmPolicy RegionsFixture::plain_vm(const std::string& name, unsigned vdevs) const {
  VmPolicy policy;
  policy.vm = name;
  policy.uid = ::getuid();
  policy.gid = ::getgid();
  for (unsigned i = 0; i < vdevs; ++i) {
    VdevPolicy vdev;
    vdev.vdev = "shmem" + std::to_string(i);
    policy.vdevs.push_back(vdev);
  }
  return policy;
}

std::unique_ptr<Client> RegionsFixture::vm_client(const std::string& name) {
  auto added = admin().add_vm(plain_vm(name));
  EXPECT_TRUE(added) << added.error().message();
  return connect_vm(name);
}

std::unique_ptr<Client> RegionsFixture::connect_vm(const std::string& name, const std::string& vdev) {
  auto client = Client::connect(x_directory + "/vm/" + name + "/regions.sock", vdev);
  EXPECT_TRUE(client) << client.error().message();
  return client ? std::move(*client) : nullptr;
}

std::unique_ptr<Client> RegionsFixture::host_client(const std::string& label) {
  auto client = Client::connect(host_socket(), label);
  EXPECT_TRUE(client) << client.error().message();
  return client ? std::move(*client) : nullptr;
}

std::vector<pid_t> RegionsFixture::daemon_pids() const {
  return pids(false);
}
std::vector<pid_t> RegionsFixture::keeper_pids() const {
  return pids(true);
}

std::vector<pid_t> RegionsFixture::pids(bool keeper) const {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline");
    // getline() takes a process that dies while it is read for an empty file.
    std::string line;
    std::getline(file, line);
    if (line.find("qvm-regiond") == std::string::npos || line.find(x_directory + '\0') == std::string::npos)
      continue;
    if ((line.find("--keeper") != std::string::npos) == keeper) found.push_back(std::stoi(name));
  }
  return found;
}

pid_t RegionsFixture::daemon_pid() const {
  return only_pid(false);
}
pid_t RegionsFixture::keeper_pid() const {
  return only_pid(true);
}

pid_t RegionsFixture::only_pid(bool keeper) const {
  std::vector<pid_t> found;
  if (eventually([&] { return (found = pids(keeper)).size() == 1; }, kDeadline)) return found.front();
  throw std::runtime_error(
      fmt::format("there are {} {} and not one", found.size(), keeper ? "keepers" : "daemons"));
}

bool RegionsFixture::all_have_ended() const {
  return eventually([&] { return daemon_pids().empty() && keeper_pids().empty(); }, kDeadline);
}

void RegionsFixture::kill_daemon() {
  kill_and_wait(daemon_pid());
}

std::string RegionsFixture::log() const {
  return test::content_of(x_directory + "/log/regiond.log");
}

bool RegionsFixture::logs(std::string_view text, std::chrono::milliseconds deadline) const {
  return eventually([&] { return log().find(text) != std::string::npos; }, deadline);
}

Connection* attach(Client& client, const std::string& name, std::uint32_t pages) {
  const AttachResult result =
      client.attach({.name = name, .pages = pages, .mode = 0}, std::chrono::seconds(5));
  EXPECT_EQ(result.status, Status::ok) << name;
  return result.connection;
}

bool process_until(Client& client, const std::function<bool()>& condition,
                   std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (!condition()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{client.event_fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left));
    client.process();
  }
  return true;
}

}  // namespace qvm::regions
