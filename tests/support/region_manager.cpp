// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/region_manager.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "qvm/base/unique_fd.h"

namespace qvm::test {
namespace {

// qvm-regiond holds a lock on its directory for as long as it lives and removes the directory when it ends.
void wait_for_the_end(const std::string& directory) {
  const UniqueFd lock(::open((directory + "/regiond").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock) ::flock(lock.get(), LOCK_EX);
}

}  // namespace

// Short: the path of a socket is limited to 107 bytes.
RegionManager::RegionManager() : directory_("/tmp/qvmt.XXXXXX") {
  if (::mkdtemp(directory_.data()) == nullptr) {
    ADD_FAILURE() << "no directory under /tmp";
    return;
  }
  std::filesystem::create_directory(directory_ + "/log");
  auto admin = regions::Admin::open(directory_, std::string(QVM_BINARY_DIR) + "/bin/qvm-regiond");
  if (!admin) {
    ADD_FAILURE() << admin.error().message();
    return;
  }
  admin_ = std::move(*admin);
}

RegionManager::~RegionManager() {
  for (const std::string& vm : vms_) {
    if (const auto removed = admin_->remove_vm(vm); !removed) ADD_FAILURE() << removed.error().message();
  }
  for (const std::string& region : regions_) {
    if (const auto removed = admin_->remove_region(region); !removed)
      ADD_FAILURE() << removed.error().message();
  }
  admin_.reset();
  wait_for_the_end(directory_);
  if (testing::Test::HasFailure()) {
    std::ifstream log(directory_ + "/log/regiond.log");
    std::cout << "qvm-regiond has logged:\n" << log.rdbuf();
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string RegionManager::add_vm(const std::string& vm, const std::vector<regions::NameRule>& rules) {
  if (!admin_) return {};
  regions::VmPolicy policy;
  policy.vm = vm;
  policy.uid = ::geteuid();
  policy.gid = ::getegid();
  policy.vdevs.push_back({});
  policy.vdevs.back().vdev = "shmem0";
  policy.vdevs.back().rules = rules;
  auto socket = admin_->add_vm(policy);
  if (!socket) {
    ADD_FAILURE() << socket.error().message();
    return {};
  }
  vms_.push_back(vm);
  return *socket;
}

void RegionManager::add_region(const regions::RegionSpec& region) {
  if (!admin_) return;
  const auto added = admin_->add_region(region);
  if (!added) {
    ADD_FAILURE() << added.error().message();
    return;
  }
  regions_.push_back(region.name);
}

std::string RegionManager::describe() {
  if (!admin_) return {};
  const auto text = admin_->describe_json();
  return text ? *text : text.error().message();
}

}  // namespace qvm::test
