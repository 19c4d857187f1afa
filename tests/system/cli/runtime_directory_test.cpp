// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A runtime directory that cannot be used: one message with what to do, and nothing starts.
#include <filesystem>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWhatToDo = "choose another one with --runtime-dir or QVM_RUNTIME_DIR";

class RuntimeDirectory : public CliTest {
 protected:
  // Of `up` in that directory, as that user.
  Answer up(const std::string& directory, std::optional<uid_t> uid = std::nullopt) const {
    const std::string file = sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
    return sandbox_.qvm(
        Launch{.words = {"up", "--accel", "tcg", "--runtime-dir", directory, file}, .uid = uid});
  }
};

void expect_refusal(const Answer& answer, const std::string& why) {
  EXPECT_EQ(answer.status, 64);
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(lines_with(answer.err, "").size(), 1U) << answer.err;
  EXPECT_THAT(complaints(answer), ElementsAre(AllOf(HasSubstr(why), HasSubstr(kWhatToDo)))) << answer.err;
}

TEST_F(RuntimeDirectory, MayBeAFile) {
  const std::string path = sandbox_.add("file", "");
  expect_refusal(up(path), "'" + path + "' is not a directory");
  EXPECT_THAT(sandbox_.processes(), IsEmpty());
}

TEST_F(RuntimeDirectory, MayBeBelowNothing) {
  expect_refusal(up(sandbox_.directory() + "/no/where"), "No such file or directory");
}

TEST_F(RuntimeDirectory, MayBeTooLong) {
  expect_refusal(up(sandbox_.directory() + "/" + std::string(100, 'x')), "at most ");
}

TEST_F(RuntimeDirectory, MayHaveAColonInItsName) {
  expect_refusal(up(sandbox_.directory() + "/a:b"), "which ends a file's name for QEMU");
}

TEST_F(RuntimeDirectory, MayBeOpenToOthers) {
  const std::string path = sandbox_.directory() + "/open";
  std::filesystem::create_directory(path);
  std::filesystem::permissions(path, std::filesystem::perms(0777));
  expect_refusal(up(path), "can be written by others");
}

TEST_F(RuntimeDirectory, MayBeSomebodyElses) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const std::string path = sandbox_.directory() + "/roots";
  std::filesystem::create_directory(path);
  expect_refusal(up(path, kNobody), "belongs to uid 0");
}

TEST_F(RuntimeDirectory, MayBeWhereOneCannotMakeIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  expect_refusal(up(sandbox_.directory() + "/new", kNobody), "Permission denied");
}

TEST_F(RuntimeDirectory, ReportsItForEveryCommand) {
  const std::string path = sandbox_.add("file", "");
  for (const char* command : {"ps", "down", "regions"}) {
    const Answer answer = sandbox_.qvm({command, "--runtime-dir", path});
    EXPECT_EQ(answer.status, 1) << command;
    EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("'" + path + "' is not a directory"))) << command;
  }
}

}  // namespace
}  // namespace qvm::test
