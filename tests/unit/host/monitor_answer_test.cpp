// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM's process answers is not to be trusted: a guest may have taken it over.
#include "qvm/host/monitor_answer.h"

#include <gtest/gtest.h>

namespace qvm::host {
namespace {

std::string reason(std::string_view answer) {
  const auto read = read_monitor_answer(answer);
  return read ? "none" : read.error().message();
}

TEST(MonitorAnswer, SucceedsWithWhateverIsReturned) {
  for (const char* answer : {R"({"return":{}})", R"({"return":null})", R"({"return":[1],"id":"libvirt-1"})"})
    EXPECT_EQ(reason(answer), "none") << answer;
}

TEST(MonitorAnswer, HasQemusReason) {
  EXPECT_EQ(reason(R"({"error":{"class":"GenericError","desc":"no such device"}})"), "no such device");
}

TEST(MonitorAnswer, IsAFailureWithoutReasonIfItIsNonsense) {
  for (const char* answer :
       {"", "x", "5", "[]", "null", "{}", R"({"error":5})", R"({"error":[]})", R"({"error":null})",
        R"({"error":{}})", R"({"error":{"desc":5}})", R"({"error":{"desc":null}})",
        R"({"error":{"desc":{"a":1}}})", "{\"error\":{\"desc\":\"\xff\"}}"})
    EXPECT_EQ(reason(answer), "QEMU's monitor gives no reason") << answer;
}

}  // namespace
}  // namespace qvm::host
