// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The real qvmd of one test's own, and raw connections to it.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "qvm/base/unique_fd.h"
#include "qvm/daemon/control/protocol.h"

namespace qvm::test {

// Bytes in, bytes out; waits at most 10 s for anything.
class RawClient {
 public:
  explicit RawClient(const std::string& socket_path);

  bool connected() const { return static_cast<bool>(socket_); }
  void send(std::string_view bytes);
  void ask(const daemon::Request& request);
  // The next reply; nullopt at the end of the connection.
  std::optional<daemon::Reply> next();
  bool at_end() { return !next().has_value(); }

 private:
  UniqueFd socket_;
  daemon::FrameReader reader_;
};

class QvmdTest : public testing::Test {
 protected:
  QvmdTest();
  ~QvmdTest() override;

  // Starts it; what it says to its starter: "1" when it serves, else why not.
  std::string start(const std::string& runtime_directory);
  // Its exit status, once it has ended; -1 if it does not within 10 s.
  int wait_for_end();
  std::string socket() const { return root_ + "/qvmd.sock"; }

  std::string directory_;  // for the test's files
  std::string root_;       // the runtime directory, not made yet
  pid_t pid_ = 0;
};

}  // namespace qvm::test
