// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The program itself: who may talk to it, how it starts, when it ends, what it leaves.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/long_log.h"
#include "tests/support/processor_time.h"
#include "tests/support/qvmd_client.h"

namespace qvm::test {
namespace {

using daemon::Reply;
using daemon::Request;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class Qvmd : public QvmdTest {
 protected:
  // Descriptors of qvmd have numbers below that from now on; without: as many as the system lets it have.
  void limit_descriptors(std::optional<rlim_t> below) const {
    rlimit limit{};
    ASSERT_EQ(::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = below.value_or(limit.rlim_max);
    ASSERT_EQ(::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr), 0);
  }
  rlim_t highest_descriptor() const {
    rlim_t highest = 0;
    for (const std::string& name : entries("/proc/" + std::to_string(pid_) + "/fd"))
      highest = std::max<rlim_t>(highest, std::stoul(name));
    return highest;
  }
  // A client that was greeted.
  std::unique_ptr<RawClient> client() {
    auto made = std::make_unique<RawClient>(socket());
    EXPECT_TRUE(made->connected());
    const auto welcome = made->next();
    EXPECT_TRUE(welcome.has_value());
    if (welcome) {
      EXPECT_EQ(welcome->kind, Reply::Kind::welcome);
    }
    return made;
  }
};

TEST_F(Qvmd, EndsWithItsLastClientAndLeavesLogsOnly) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  auto two = client();
  one->ask({.operation = Request::Operation::list});
  EXPECT_EQ(one->next()->kind, Reply::Kind::done);
  one->ask({.operation = Request::Operation::leave});
  EXPECT_EQ(one->next()->text, "stays");
  one.reset();
  two->ask({.operation = Request::Operation::leave});
  EXPECT_EQ(two->next()->text, "ends");
  EXPECT_TRUE(two->at_end());
  EXPECT_THAT(entries(root_), UnorderedElementsAre("log"));
  EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(Qvmd, TellsTheLastOfSeveralWhoLeaveTogetherThatItEnds) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  auto two = client();
  one->ask({.operation = Request::Operation::leave});
  EXPECT_EQ(one->next()->text, "stays");
  // The first has its answer but has not hung up yet.
  two->ask({.operation = Request::Operation::leave});
  EXPECT_EQ(two->next()->text, "ends");
  EXPECT_TRUE(two->at_end());
  EXPECT_THAT(entries(root_), UnorderedElementsAre("log"));
  EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(Qvmd, EndsWhenClientsVanishWithoutAWord) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  one->ask({.operation = Request::Operation::list});
  one->next();
  one.reset();
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_THAT(entries(root_), UnorderedElementsAre("log"));
}

TEST_F(Qvmd, EndsOnSigterm) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  ::kill(pid_, SIGTERM);
  EXPECT_TRUE(one->at_end());
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(Qvmd, ShowsItsSocketToItsUserOnly) {
  ASSERT_EQ(start(root_), "1");
  struct stat facts {};
  ASSERT_EQ(::stat(socket().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(Qvmd, AnswersGarbageWithAReasonAndHangsUp) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  one->send(daemon::frame("this is no request"));
  const auto reply = one->next();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->kind, Reply::Kind::failed);
  EXPECT_THAT(reply->text, StartsWith("malformed control message: "));
  EXPECT_TRUE(one->at_end());
}

TEST_F(Qvmd, HangsUpOnALengthOverTheLimitAndServesOthers) {
  ASSERT_EQ(start(root_), "1");
  auto other = client();
  auto one = client();
  one->send("\xff\xff\xff\xff");
  EXPECT_TRUE(one->at_end());
  other->ask({.operation = Request::Operation::list});
  EXPECT_EQ(other->next()->kind, Reply::Kind::done);
}

TEST_F(Qvmd, TakesRequestsInPiecesAndInBatches) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  const std::string request = daemon::frame(daemon::encode({.operation = Request::Operation::list}));
  const std::string three = request + request + request;
  for (std::size_t i = 0; i < three.size(); i += 7) one->send(std::string_view(three).substr(i, 7));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(one->next()->kind, Reply::Kind::done);
}

TEST_F(Qvmd, SecondOneLeavesTheFieldToTheFirst) {
  ASSERT_EQ(start(root_), "1");
  const pid_t first = pid_;
  auto one = client();
  // Its starter can connect, to the first.
  EXPECT_EQ(start(root_), "1");
  EXPECT_EQ(wait_for_end(), 0);
  pid_ = first;
  one->ask({.operation = Request::Operation::list});
  EXPECT_EQ(one->next()->kind, Reply::Kind::done);
}

TEST_F(Qvmd, SuccessorOfAKilledOneServes) {
  ASSERT_EQ(start(root_), "1");
  ::kill(pid_, SIGKILL);
  EXPECT_EQ(wait_for_end(), 128 + SIGKILL);
  EXPECT_TRUE(std::filesystem::exists(socket()));
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  one->ask({.operation = Request::Operation::list});
  EXPECT_EQ(one->next()->kind, Reply::Kind::done);
}

TEST_F(Qvmd, KeepsItsLogShort) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  const std::string path = root_ + "/log/qvmd.log";
  fill_log(path);
  EXPECT_TRUE(is_shortened_soon(path));
}

// What its starter was not given holds for what writes files, not for qvmd.
TEST_F(Qvmd, GoesOnIfItMayNotWrite) {
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit none{0, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const std::string started = start(root_);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
  ASSERT_EQ(started, "1");
  auto one = client();
  one->ask({.operation = Request::Operation::stop, .names = {"nobody"}});
  EXPECT_EQ(one->next()->kind, Reply::Kind::failed) << "which it has logged";
  one->ask({.operation = Request::Operation::list});
  EXPECT_EQ(one->next()->kind, Reply::Kind::done);
}

TEST_F(Qvmd, WithoutDescriptorsItDoesNotSpin) {
  ASSERT_EQ(start(root_), "1");
  auto first = client();
  limit_descriptors(3);
  const RawClient waiting(socket());
  const RawClient too(socket());
  const auto before = test::processor_time(pid_);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_LT((test::processor_time(pid_) - before).count(), 250);
  // Who is there is served, and others are as soon as that is possible.
  first->ask({.operation = Request::Operation::list});
  EXPECT_EQ(first->next()->kind, Reply::Kind::done);
  limit_descriptors(std::nullopt);
  EXPECT_TRUE(client()->connected());
}

TEST_F(Qvmd, TellsAClientThatThereIsNoDescriptorForIt) {
  ASSERT_EQ(start(root_), "1");
  auto first = client();
  first->ask({.operation = Request::Operation::list});
  EXPECT_EQ(first->next()->kind, Reply::Kind::done);
  // Room for one more at least: there need not be a free number below the highest.
  const rlim_t highest = highest_descriptor();
  limit_descriptors(highest + 2);
  std::vector<std::unique_ptr<RawClient>> others;
  Reply last;
  while (last.kind != Reply::Kind::failed && others.size() <= highest + 1) {
    others.push_back(std::make_unique<RawClient>(socket()));
    last = others.back()->next().value_or(Reply());
  }
  EXPECT_EQ(last.kind, Reply::Kind::failed);
  EXPECT_THAT(last.text, StartsWith("qvmd has no descriptor left for another client"));
  EXPECT_TRUE(others.back()->at_end());
  others.clear();
  // When it has noticed that they are gone.
  Reply welcome;
  for (int i = 0; i < 500 && welcome.kind != Reply::Kind::welcome; ++i) {
    ::usleep(10'000);
    welcome = RawClient(socket()).next().value_or(Reply());
  }
  EXPECT_EQ(welcome.kind, Reply::Kind::welcome);
}

// The region manager outlives a qvmd that is killed; with nothing that needs it, it goes with the next one.
TEST_F(Qvmd, TakesAwayWhatAKilledOneLeft) {
  ASSERT_EQ(start(root_), "1");
  auto one = client();
  one->ask({.operation = Request::Operation::prepare});
  while (!std::filesystem::exists(root_ + "/regiond/admin.sock")) ::usleep(5'000);
  ::kill(pid_, SIGKILL);
  EXPECT_EQ(wait_for_end(), 128 + SIGKILL);
  // The region manager may be taking the empty directory away just now.
  std::error_code missing;
  do {
    std::filesystem::create_directories(root_ + "/vm/half", missing);
    if (!missing) std::filesystem::create_directories(root_ + "/libvirt/run/qemu", missing);
  } while (missing == std::errc::no_such_file_or_directory);
  ASSERT_FALSE(missing) << missing.message();
  ASSERT_EQ(start(root_), "1");
  auto two = client();
  two->ask({.operation = Request::Operation::leave});
  EXPECT_EQ(two->next()->text, "ends");
  EXPECT_TRUE(two->at_end());
  // The region manager goes by itself: with the qvmd that was killed, or, if that had not come to it yet,
  // when nobody has come for 10 s.
  for (int i = 0; i < 1500 && std::filesystem::exists(root_ + "/regiond"); ++i) ::usleep(10'000);
  EXPECT_THAT(entries(root_), UnorderedElementsAre("log"));
  EXPECT_EQ(wait_for_end(), 0);
}

// Its starter may ignore the ends of its children, or be in less of a hurry than the next user.
TEST_F(Qvmd, HasItsOwnNicenessAndHearsOfItsChildren) {
  const pid_t starter = ::getpid();
  if (::geteuid() != 0) GTEST_SKIP() << "only root can take a niceness back";
  const int niceness = ::getpriority(PRIO_PROCESS, static_cast<id_t>(starter));
  ASSERT_EQ(::setpriority(PRIO_PROCESS, static_cast<id_t>(starter), niceness + 3), 0);
  ::signal(SIGCHLD, SIG_IGN);
  const std::string said = start(root_);
  ::signal(SIGCHLD, SIG_DFL);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(starter), niceness);
  ASSERT_EQ(said, "1");
  EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(pid_)), 0);
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string line;
  std::uint64_t ignored = ~std::uint64_t{0};
  while (std::getline(status, line)) {
    if (line.starts_with("SigIgn:")) ignored = std::stoull(line.substr(7), nullptr, 16);
  }
  EXPECT_EQ(ignored >> (SIGCHLD - 1) & 1, 0U);
}

TEST_F(Qvmd, RefusesADirectoryThatOthersCanWriteTo) {
  std::filesystem::create_directory(root_);
  std::filesystem::permissions(root_, std::filesystem::perms::all);
  EXPECT_EQ(start(root_),
            "runtime directory '" + root_ +
                "' can be written by others (mode 0777): 'chmod go-w' it, or choose another one with "
                "--runtime-dir or QVM_RUNTIME_DIR");
  EXPECT_EQ(wait_for_end(), 1);
}

TEST_F(Qvmd, RefusesAFileForADirectory) {
  std::ofstream(root_) << "";
  EXPECT_EQ(start(root_),
            "'" + root_ + "' is not a directory: choose another one with --runtime-dir or QVM_RUNTIME_DIR");
  EXPECT_EQ(wait_for_end(), 1);
}

TEST_F(Qvmd, RefusesAPathTooLongForItsSockets) {
  EXPECT_THAT(start(directory_ + "/" + std::string(80, 'x')),
              HasSubstr("choose another one with --runtime-dir"));
  EXPECT_EQ(wait_for_end(), 1);
}

}  // namespace
}  // namespace qvm::test
