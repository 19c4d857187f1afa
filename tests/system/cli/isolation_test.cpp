// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Whom a VM's process runs as, and what it can reach, when qvm is root's. docs/threat-model.md names these
// tests.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
namespace fs = std::filesystem;

class Isolation : public CliTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give VMs users of their own";
    for (const char* name : {"one", "two"})
      files_.push_back(sandbox_.add(std::string(name) + ".qvmconf", guest_config(name, "idle")));
  }
  Answer start(const std::map<std::string, std::optional<std::string>>& environment = {}) const {
    return sandbox_.qvm(
        Launch{.words = {"up", "--accel", usual_accelerator(), "--detach", files_[0], files_[1]},
               .environment = environment});
  }
  std::vector<uid_t> planned_users() const {
    std::vector<uid_t> users;
    for (const std::string& file : files_) {
      const Answer answer = sandbox_.qvm({"plan", "--json", file});
      const auto plans = nlohmann::json::parse(answer.out);
      users.push_back(plans.at(0).at("host").at("uid").get<uid_t>());
    }
    return users;
  }
  // The lines of /proc/PID/status, by their titles.
  static std::map<std::string, std::string> status_of(pid_t pid) {
    std::map<std::string, std::string> status;
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
      const auto colon = line.find(':');
      const auto text = line.find_first_not_of("\t ", colon + 1);
      const auto end = line.find_last_not_of("\t ");
      status[line.substr(0, colon)] = text == std::string::npos ? "" : line.substr(text, end - text + 1);
    }
    return status;
  }

  std::vector<std::string> files_;
};

TEST_F(Isolation, EveryVmHasAUserOfItsOwnAndNoRights) {
  const std::vector<uid_t> users = planned_users();
  EXPECT_EQ(start().status, 0);
  std::set<std::string> found;
  for (const pid_t pid : sandbox_.processes(kQemu)) {
    auto status = status_of(pid);
    std::istringstream ids(status["Uid"]);
    std::string user;
    ids >> user;
    found.insert(user);
    const std::string four = user + "\t" + user + "\t" + user + "\t" + user;
    EXPECT_EQ(status["Uid"], four);
    EXPECT_EQ(status["Gid"], four);
    EXPECT_THAT(status["Groups"], testing::AnyOf("", user));
    for (const char* capabilities : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
      EXPECT_EQ(status[capabilities], "0000000000000000") << capabilities;
    EXPECT_EQ(status["NoNewPrivs"], "1");
    EXPECT_EQ(status["Seccomp"], "2");
    std::ifstream limits("/proc/" + std::to_string(pid) + "/limits");
    const std::string text(std::istreambuf_iterator<char>(limits), {});
    EXPECT_THAT(text, testing::ContainsRegex("Max processes +4096 +4096 "));
  }
  EXPECT_EQ(found, (std::set<std::string>{std::to_string(users[0]), std::to_string(users[1])}));
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

// The inodes of a process's datagram sockets of the Unix family, and whether any of these has a name.
std::set<std::string> datagram_sockets(pid_t pid, bool& named) {
  std::map<std::string, bool> all;  // of the host, by inode
  std::ifstream table("/proc/net/unix");
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string number, references, protocol, flags, type, state, inode, path;
    words >> number >> references >> protocol >> flags >> type >> state >> inode >> path;
    if (type == "0002") all["socket:[" + inode + "]"] = !path.empty();
  }
  std::set<std::string> found;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    const auto socket = all.find(fs::read_symlink(entry.path(), gone));
    if (socket == all.end()) continue;
    found.insert(socket->first);
    named = named || socket->second;
  }
  return found;
}

TEST_F(Isolation, NobodyElseHasAnEndOfALink) {
  const std::map<std::string, std::string> peers = {{"one", "two"}, {"two", "one"}};
  for (const auto& [vm, peer] : peers) {
    std::string text =
        guest_config(vm, "idle", {}, "vdev virtio-net name link peer /dev/qvm/" + peer + "/link\n");
    text.replace(text.find("myioapic:10"), 11, "myioapic:16");  // PCI devices have the other
    sandbox_.add(vm + ".qvmconf", text);
  }
  ASSERT_EQ(start().status, 0);
  const std::vector<pid_t> guests = sandbox_.processes(kQemu);
  ASSERT_EQ(guests.size(), 2U);
  bool named = false;
  std::set<std::string> ends;
  // The older of two ends may be about to be closed.
  for (unsigned round = 0; round < 200 * slowness() && ends.size() != 2; ++round) {
    ::usleep(50'000);
    ends = datagram_sockets(guests[0], named);
    ends.merge(datagram_sockets(guests[1], named));
  }
  EXPECT_EQ(ends.size(), 2U) << "one each";
  EXPECT_FALSE(named);
  for (const pid_t pid : sandbox_.processes()) {
    std::set<std::string> others = datagram_sockets(pid, named);
    std::erase_if(others, [&](const std::string& socket) { return !ends.contains(socket); });
    const bool guest = pid == guests[0] || pid == guests[1];
    EXPECT_EQ(others.size(), guest ? 1U : 0U) << pid;
  }
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
}

TEST_F(Isolation, NoDirectoryOnTheWayToAFileOfOursIsAVms) {
  EXPECT_EQ(start().status, 0);
  unsigned directories = 0;
  for (const auto& entry : fs::recursive_directory_iterator(sandbox_.runtime())) {
    struct stat facts {};
    ASSERT_EQ(::lstat(entry.path().c_str(), &facts), 0) << entry.path();
    if (S_ISLNK(facts.st_mode)) continue;
    if (S_ISDIR(facts.st_mode)) {
      ++directories;
      EXPECT_EQ(facts.st_uid, 0U) << entry.path();
      EXPECT_EQ(facts.st_mode & (facts.st_gid == 0 ? 0002U : 0022U), 0U) << entry.path();
      continue;
    }
    struct stat parent {};
    ASSERT_EQ(::stat(entry.path().parent_path().c_str(), &parent), 0);
    // A socket that everybody may write to is behind a door.
    if ((facts.st_mode & 0002U) == 0 || entry.path().filename() == "host.sock") continue;
    EXPECT_EQ(parent.st_mode & 0001U, 0U) << entry.path();
  }
  EXPECT_GT(directories, 10U);
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
}

TEST_F(Isolation, AVmsUserIsTheSameAtEveryStartAndInNoOtherRuntimeDirectory) {
  const std::vector<uid_t> users = planned_users();
  EXPECT_EQ(planned_users(), users);
  const QvmSandbox other;
  const Answer answer = other.qvm({"plan", "--json", files_[0]});
  const auto there = nlohmann::json::parse(answer.out).at(0).at("host").at("uid").get<uid_t>();
  EXPECT_THAT(users, testing::Not(Contains(there)));
}

TEST_F(Isolation, TwoVmsNeverShareAUserThatWasMadeForOne) {
  const Answer answer = start({{"QVM_VM_UIDS", "70000-70000"}});
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(answer.err,
              HasSubstr("VM 'two' and VM 'one' would both run as uid 70000: give one of them another "
                        "name, or a 'uid' in a manifest"));
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(Isolation, ARangeOfUsersThatIsNoneIsRefused) {
  const Answer answer = start({{"QVM_VM_UIDS", "0-100"}});
  EXPECT_EQ(answer.status, 65);
  EXPECT_THAT(answer.err, HasSubstr("QVM_VM_UIDS: '0-100' is no range of user numbers"));
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

}  // namespace
}  // namespace qvm::test
