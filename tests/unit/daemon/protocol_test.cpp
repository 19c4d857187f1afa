// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/control/protocol.h"

#include <gtest/gtest.h>

#include "qvm/lifecycle/vm_status_fields.h"
#include "tests/support/schema_comparison.h"

namespace qvm::daemon {
namespace {

// qvm and qvmd may be of different releases of the same protocol; ends that are remembered are Replies, too.
TEST(ControlProtocol, RequestsKeepTheirText) {
  const Request request{.operation = Request::Operation::stop,
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
                        .timeout_ms = 1500};
  const char* text =
      R"({"libvirt_uri":"test:///default","names":["left"],"operation":"stop","owned":true,"plans":["{}"],)"
      R"("regions":[{"bytes":8192,"group":8,"huge_pages":"advise","limits":{"bytes":1,"connections":3,)"
      R"("place":"s.yaml:3:4","regions":2,"system":"/s.yaml"},"lock":true,"mode":416,"name":"moo","owner":7,)"
      R"("place":"s.yaml:1:2"}],"timeout_ms":1500,"version":3})";

  EXPECT_EQ(encode(request), text);
  const auto decoded = decode_request(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_TRUE(*decoded == request);
}

TEST(ControlProtocol, RepliesKeepTheirText) {
  const Reply reply{.kind = Reply::Kind::failed,
                    .text = "text",
                    .vms = {{.name = "left",
                             .state = VmState::restarting,
                             .outcome = Outcome::not_started,
                             .reason = "why",
                             .pid = -1,
                             .since = -2,
                             .resets = 5,
                             .restarts = 6,
                             .due = 7,
                             .terminals = {"/dev/pts/1"}}}};
  const char* text =
      R"({"kind":"failed","text":"text","version":3,"vms":[{"due":7,"name":"left","outcome":"not-started",)"
      R"("pid":-1,"reason":"why","resets":5,"restarts":6,"since":-2,"state":"restarting",)"
      R"("terminals":["/dev/pts/1"]}]})";

  EXPECT_EQ(encode(reply), text);
  const auto decoded = decode_reply(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_TRUE(*decoded == reply);
}

TEST(ControlProtocol, StatusAgreesWithItsSchema) {
  test::SchemaComparison("ps.schema.json").compare<VmStatus>("/$defs/vm");
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
                         testing::Values("", "{", "[]", "7", "{}", R"({"version":3})",
                                         R"({"version":3,"operation":"explode"})",
                                         R"({"version":3,"operation":7})", R"({"version":"1"})"));

TEST(ControlProtocol, NamesWhatIsMalformed) {
  const Request request{.regions = {{.name = "moo"}}};
  std::string text = encode(request);
  text.replace(text.find("\"none\""), 6, "\"some\"");
  EXPECT_EQ(decode_request(text).error().message(),
            "malformed control message: regions[0].huge_pages: unknown word 'some'");
}

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
