// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "qvm/base/mapping.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

class RegionsCApi : public RegionsFixture {};

TEST_F(RegionsCApi, AProgramInPlainC) {
  auto client = host_client();
  Connection* mine = attach(*client, "moo", 2);
  auto data = Mapping::map(mine->data_fd(), 2 * kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(data);
  auto* text = static_cast<char*>(data->data());

  const std::string program = QVM_BINARY_DIR "/tests/qvmshm_c_program";
  const char* argv[] = {program.c_str(), directory().c_str(), nullptr};
  pid_t pid = -1;
  ASSERT_EQ(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, const_cast<char**>(argv), environ), 0);
  ASSERT_TRUE(process_until(*client, [&] { return (mine->read_status() >> 16) == 3; }));
  std::strcpy(text, "hello from C++");
  mine->notify(0xffffffff);
  EXPECT_TRUE(process_until(*client, [&] { return (mine->read_status() & 2) != 0; }));
  EXPECT_STREQ(text + kPageBytes, "hello from C");
  EXPECT_TRUE(process_until(*client, [&] { return (mine->read_status() >> 16) == 1; }));
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0) << "line " << WEXITSTATUS(status);
}

// In one dialect of C or C++: the header behaves the same in each.
class RegionsQnxNames : public RegionsFixture, public testing::WithParamInterface<std::string> {};

TEST_P(RegionsQnxNames, AreThoseOfAHostProgram) {
  const std::string program = QVM_BINARY_DIR "/tests/hyp_shm_program_" + GetParam();
  const std::string where = "QVM_RUNTIME_DIR=" + directory();
  const char* argv[] = {program.c_str(), nullptr};
  const char* environment[] = {where.c_str(), nullptr};
  pid_t pid = -1;
  ASSERT_EQ(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, const_cast<char**>(argv),
                          const_cast<char**>(environment)),
            0);
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0) << "line " << WEXITSTATUS(status);
}

INSTANTIATE_TEST_SUITE_P(Dialects, RegionsQnxNames,
                         testing::Values("c99", "gnu99", "c11", "gnu17", "cpp11", "gnucpp20"),
                         [](const testing::TestParamInfo<std::string>& dialect) { return dialect.param; });

}  // namespace
}  // namespace qvm::regions
