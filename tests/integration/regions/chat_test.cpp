// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-chat among its like.
#include <cstring>

#include "qvm/base/mapping.h"
#include "tests/support/background_program.h"
#include "tests/support/regions_fixture.h"

namespace qvm::regions {
namespace {

class RegionsChat : public RegionsFixture {
 protected:
  test::ProgramStart chat(const std::string& region) const {
    return {.words = {QVM_BINARY_DIR "/bin/qvm-chat", "--runtime-dir", directory(), region}};
  }
};

TEST_F(RegionsChat, LinesReachAllOthers) {
  test::BackgroundProgram ann(chat("testing"));
  ASSERT_TRUE(ann.wait_for("* 0 is here: you\n")) << ann.err();
  test::BackgroundProgram bob(chat("testing"));
  ASSERT_TRUE(bob.wait_for("* 0 is here\n* 1 is here: you\n")) << bob.err();
  ASSERT_TRUE(ann.wait_for("* 1 is here\n"));
  ann.type("hello bob\n");
  EXPECT_TRUE(bob.wait_for("0: hello bob\n")) << bob.out();
  bob.type("hello ann\n");
  EXPECT_TRUE(ann.wait_for("1: hello ann\n")) << ann.out();
  bob.signal(SIGKILL);
  EXPECT_TRUE(ann.wait_for("* 1 has left\n")) << ann.out();
}

TEST_F(RegionsChat, WhatAPeerWroteIsShownHarmlessly) {
  auto client = host_client();
  Connection* peer = attach(*client, "testing", 16);
  auto data = Mapping::map(peer->data_fd(), 16 * kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(data);
  test::BackgroundProgram ann(chat("testing"));
  ASSERT_TRUE(ann.wait_for("* 1 is here: you\n")) << ann.err();
  client->process();  // peers are told before the newcomer is answered
  std::strcpy(static_cast<char*>(data->data()), "\033[31mred\a");
  peer->notify(2);
  EXPECT_TRUE(ann.wait_for("0: .[31mred.\n")) << ann.out();
  std::memset(data->data(), 'x', kPageBytes);  // no end
  peer->notify(2);
  EXPECT_TRUE(ann.wait_for("0: " + std::string(kPageBytes, 'x') + "\n"));
}

TEST_F(RegionsChat, RegionWithoutRoomForASlotIsRefused) {
  auto client = host_client();
  attach(*client, "small", 1);
  test::BackgroundProgram ann(chat("small"));
  EXPECT_EQ(ann.wait(), 1);
  EXPECT_EQ(ann.err(),
            "qvm-chat: cannot join region 'small': it is too small for a slot of 4 KiB for each client\n");
}

TEST(RegionsChatAlone, SaysWhatToDoWithoutQvm) {
  test::BackgroundProgram ann({.words = {QVM_BINARY_DIR "/bin/qvm-chat", "--runtime-dir", "/none/there"}});
  EXPECT_EQ(ann.wait(), 1);
  EXPECT_EQ(ann.err(),
            "qvm-chat: no region manager can be reached or started: No such file or directory "
            "(--runtime-dir and QVM_RUNTIME_DIR say where)\n");
}

}  // namespace
}  // namespace qvm::regions
