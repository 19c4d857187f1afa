// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/protocol.h"

#include <gtest/gtest.h>

namespace qvm::daemon {
namespace {

TEST(ControlProtocol, CarriesAWholeRequest) {
  const Request request{.operation = Request::Operation::start,
                        .plans = {"{\"a\":1}", "{}"},
                        .regions = {{.name = "moo", .bytes = 8192, .mode = 0640, .owner = 7, .group = 8}},
                        .libvirt_uri = "test:///default",
                        .owned = true,
                        .names = {"left"},
                        .timeout_ms = 1500};

  const auto decoded = decode_request(encode(request));

  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->operation, Request::Operation::start);
  EXPECT_EQ(decoded->plans, request.plans);
  ASSERT_EQ(decoded->regions.size(), 1U);
  EXPECT_EQ(decoded->regions[0].name, "moo");
  EXPECT_EQ(decoded->regions[0].bytes, 8192U);
  EXPECT_EQ(decoded->regions[0].mode, 0640U);
  EXPECT_EQ(decoded->regions[0].owner, 7U);
  EXPECT_EQ(decoded->regions[0].group, 8U);
  EXPECT_EQ(decoded->libvirt_uri, "test:///default");
  EXPECT_TRUE(decoded->owned);
  EXPECT_EQ(decoded->names, request.names);
  EXPECT_EQ(decoded->timeout_ms, 1500U);
}

TEST(ControlProtocol, CarriesAWholeReply) {
  const Reply reply{.kind = Reply::Kind::vm,
                    .text = "text",
                    .vms = {{.name = "left",
                             .state = VmState::failed,
                             .outcome = Outcome::unsupported,
                             .reason = "why",
                             .pid = 12,
                             .since = 34,
                             .resets = 5,
                             .restarts = 6,
                             .due = 7}}};

  const auto decoded = decode_reply(encode(reply));

  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->kind, Reply::Kind::vm);
  EXPECT_EQ(decoded->text, "text");
  ASSERT_EQ(decoded->vms.size(), 1U);
  EXPECT_EQ(decoded->vms[0].name, "left");
  EXPECT_EQ(decoded->vms[0].state, VmState::failed);
  EXPECT_EQ(decoded->vms[0].outcome, Outcome::unsupported);
  EXPECT_EQ(decoded->vms[0].reason, "why");
  EXPECT_EQ(decoded->vms[0].pid, 12);
  EXPECT_EQ(decoded->vms[0].since, 34);
  EXPECT_EQ(decoded->vms[0].resets, 5U);
  EXPECT_EQ(decoded->vms[0].restarts, 6U);
  EXPECT_EQ(decoded->vms[0].due, 7);
}

// qvm and qvmd may be of different releases of the same protocol; ends that are remembered are Replies, too.
TEST(ControlProtocol, KeepsItsText) {
  EXPECT_EQ(
      encode(Request{.operation = Request::Operation::stop,
                     .plans = {"{}"},
                     .regions = {{.name = "moo",
                                  .bytes = 8192,
                                  .mode = 0640,
                                  .owner = 7,
                                  .group = 8,
                                  .backing = {regions::HugePages::advise, true},
                                  .place = "s.yaml:1:2",
                                  .system = {"/s.yaml", 1, 2, 3, "s.yaml:3:4"}}},
                     .libvirt_uri = "test:///default",
                     .owned = true,
                     .names = {"left"},
                     .timeout_ms = 1500}),
      R"({"libvirt_uri":"test:///default","names":["left"],"operation":"stop","owned":true,"plans":["{}"],)"
      R"("regions":[{"bytes":8192,"group":8,"huge_pages":"advise","limits":{"bytes":1,"connections":3,)"
      R"("place":"s.yaml:3:4","regions":2,"system":"/s.yaml"},"lock":true,"mode":416,"name":"moo","owner":7,)"
      R"("place":"s.yaml:1:2"}],"timeout_ms":1500,"version":3})");
  const VmStatus vm{.name = "left",
                    .state = VmState::restarting,
                    .outcome = Outcome::not_started,
                    .reason = "why",
                    .pid = -1,
                    .since = -2,
                    .resets = 5,
                    .restarts = 6,
                    .due = 7,
                    .terminals = {"/dev/pts/1"}};
  const std::string status =
      R"([{"due":7,"name":"left","outcome":"not-started","pid":-1,"reason":"why","resets":5,"restarts":6,)"
      R"("since":-2,"state":"restarting","terminals":["/dev/pts/1"]}])";
  EXPECT_EQ(encode(Reply{.kind = Reply::Kind::failed, .text = "text", .vms = {vm}}),
            R"({"kind":"failed","text":"text","version":3,"vms":)" + status + "}");
  EXPECT_EQ(statuses_to_json({}), "{\n  \"version\": 1,\n  \"vms\": []\n}");
}

TEST(ControlProtocol, SurvivesTextThatIsNotUtf8) {
  const Reply reply{.kind = Reply::Kind::failed, .text = "\xff\xfe broken", .vms = {}};
  const auto decoded = decode_reply(encode(reply));
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_NE(decoded->text.find("broken"), std::string::npos);
}

class MalformedRequest : public testing::TestWithParam<const char*> {};

TEST_P(MalformedRequest, IsAnErrorAndNoException) {
  const auto decoded = decode_request(GetParam());
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message(), "");
}

INSTANTIATE_TEST_SUITE_P(All, MalformedRequest,
                         testing::Values("", "{", "[]", "7", "{}", R"({"version":2})",
                                         R"({"version":2,"operation":"explode"})",
                                         R"({"version":2,"operation":7})", R"({"version":"1"})"));

TEST(ControlProtocol, NamesBothReleasesWhenVersionsDiffer) {
  const auto decoded = decode_request(R"({"version":99})");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message(),
            "control protocol version 99, expected 3: qvm and qvmd are of different releases");
}

TEST(FrameReader, CutsBytesThatComeOneByOne) {
  const std::string bytes = frame("first") + frame("") + frame("third");
  FrameReader reader;
  std::vector<std::string> messages;
  for (const char byte : bytes) {
    reader.append({&byte, 1});
    const auto message = reader.next();
    ASSERT_TRUE(message);
    if (message->has_value()) messages.push_back(**message);
  }
  EXPECT_EQ(messages, (std::vector<std::string>{"first", "", "third"}));
}

TEST(FrameReader, RefusesALengthOverTheLimitAtOnce) {
  FrameReader reader;
  reader.append(std::string("\x01\x00\x00\x01", 4));  // 16 MiB and one byte
  const auto message = reader.next();
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().message(), "control message of 16777217 bytes, at most 16777216 are allowed");
}

}  // namespace
}  // namespace qvm::daemon
