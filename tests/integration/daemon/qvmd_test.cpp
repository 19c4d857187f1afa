// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The program itself: who may talk to it, how it starts, when it ends, what it leaves.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

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
