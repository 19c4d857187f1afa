// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A private qvm-regiond in a directory of its own, for tests that talk to a real one.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/regions/client/admin.h"
#include "qvm/regions/client/client.h"

namespace qvm::regions {

// Everything is gone after TearDown(), which checks that qvm-regiond ended by itself and left nothing.
class RegionsFixture : public ::testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kDeadline{5000};

  void SetUp() override;
  void TearDown() override;

  // One of the test's own; SetUp() does it, and starts qvm-regiond there.
  void make_directory();
  const std::string& directory() const { return x_directory; }
  std::string host_socket() const { return x_directory + "/host.sock"; }
  Admin& admin() { return *x_admin; }
  void close_admin() { x_admin.reset(); }
  void reopen_admin();

  // A VM with one vdev "shmem0" (and more, up to vdevs), running as this process's user; allowed everything.
  VmPolicy plain_vm(const std::string& name, unsigned vdevs = 1) const;
  // Registers it and connects its vdev.
  std::unique_ptr<Client> vm_client(const std::string& name);
  std::unique_ptr<Client> connect_vm(const std::string& name, const std::string& vdev = "shmem0");
  std::unique_ptr<Client> host_client(const std::string& label = "test");

  // Processes of this directory's qvm-regiond. One that is ending, or is just being made, is among them or
  // not.
  std::vector<pid_t> daemon_pids() const;  // without keepers
  std::vector<pid_t> keeper_pids() const;
  // The only one there is: waits for the end of others and until it can be found. Fails the test after
  // kDeadline.
  pid_t daemon_pid() const;
  pid_t keeper_pid() const;
  // Waits until the last of them has ended; false after kDeadline.
  bool all_have_ended() const;
  // Kills it (SIGKILL) and returns when it is dead.
  void kill_daemon();

  // What qvm-regiond has logged until now.
  std::string log() const;
  // That it logs text, or has. A client can see what was done to it before the daemon has written it down.
  bool logs(std::string_view text, std::chrono::milliseconds deadline = kDeadline) const;

 private:
  std::vector<pid_t> pids(bool keeper) const;
  pid_t only_pid(bool keeper) const;

  std::string x_directory;
  std::unique_ptr<Admin> x_admin;
};

// Attaches or fails the test.
Connection* attach(Client& client, const std::string& name, std::uint32_t pages = 1);
// Handles whatever comes until condition holds; false after the deadline.
bool process_until(Client& client, const std::function<bool()>& condition,
                   std::chrono::milliseconds deadline = std::chrono::milliseconds(5000));
// Kills the process (SIGKILL) and returns when it is dead, whoever's child it is.
void kill_and_wait(pid_t pid);
// The same of one that may have ended by itself.
void kill_if_there(pid_t pid);

}  // namespace qvm::regions
