// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/region_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "qvm/base/unix_socket.h"
#include "qvm/regions/model/explanation.h"
#include "tests/support/temporary_directory.h"

namespace qvm::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// A service that somebody reaches in its last moment: it ends when the first one has come.
class EndingService {
 public:
  explicit EndingService(const std::string& runtime_directory)
      : x_path(runtime_directory + "/regiond/admin.sock"),
        x_listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    std::filesystem::create_directory(runtime_directory + "/regiond");
    const auto address = unix_address(x_path).value();
    EXPECT_EQ(::bind(x_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(x_listener.get(), 1), 0);
    x_thread = std::thread([this] {
      const UniqueFd client(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ::unlink(x_path.c_str());
      x_listener.reset();
    });
  }
  ~EndingService() { x_thread.join(); }
  EndingService(const EndingService&) = delete;
  EndingService& operator=(const EndingService&) = delete;

 private:
  std::string x_path;
  UniqueFd x_listener;
  std::thread x_thread;
};

class RegionService : public testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  daemon::RuntimePaths paths_{directory_.path()};
  EndingService service_{directory_.path()};
};

// `qvm down` removes what is left of a manifest just when the last VM, and with it the service, has ended.
TEST_F(RegionService, ThatEndsMeanwhileHasNothingToRemove) {
  const auto removed = remove_manifest_regions(paths_);
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_THAT(*removed, IsEmpty());
}

TEST_F(RegionService, ThatEndsMeanwhileHasNoRegions) {
  const auto described = describe_regions(paths_);
  ASSERT_TRUE(described) << described.error().message();
  EXPECT_THAT(*described, HasSubstr(R"("regions":[])"));
}

TEST_F(RegionService, ThatEndsMeanwhileExplainsNothing) {
  const auto explained = explain_access(paths_, regions::ExplainRequest());
  ASSERT_FALSE(explained);
  EXPECT_THAT(explained.error().message(), HasSubstr("nobody uses regions in"));
}

}  // namespace
}  // namespace qvm::cli
