// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/programs/register_walk.h"

namespace walk {
namespace {

constexpr std::uint64_t kFourGibibytes = 1ull << 32;
constexpr std::uint64_t kTwoMebibytes = 2ull << 20;
constexpr char kLongestName[] = "walk-with-exactly-31-characters";
constexpr char kUnterminated[] = "walk-name-that-fills-all-32-byte";
static_assert(sizeof kLongestName == GUEST_SHM_NAME_BYTES);
static_assert(sizeof kUnterminated == GUEST_SHM_NAME_BYTES + 1);

void check_place(Walk& walk, const guest::Connection& connection) {
  const std::uint64_t end = connection.data() + std::uint64_t{connection.pages()} * GUEST_SHM_PAGE_SIZE;
  walk.checks.equal("control page is page aligned", connection.control() % GUEST_SHM_PAGE_SIZE, 0);
  walk.checks.that("region is below 4 GiB", end <= kFourGibibytes);
  walk.checks.that("region is not over the factory page",
                   end <= walk.factory() || connection.control() >= walk.factory() + GUEST_SHM_PAGE_SIZE);
}

void check_illegal_names(Walk& walk) {
  walk.attach_fails("empty name", "", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("name '.'", ".", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("name '..'", "..", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("name with a slash", "walk/x", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("name with a control character", "walk\x1f", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("name with DEL", "walk\x7f", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("name beyond ASCII", "walk\xc3\xa4", 1, GSS_ILLEGAL_NAME);
  walk.attach_fails("unterminated name", kUnterminated, 1, GSS_ILLEGAL_NAME);
}

void check_failures(Walk& walk) {
  walk.attach_fails("size 0 of a region that is not there", "walk-none", 0, GSS_UNKNOWN_FAILURE);
  walk.attach_fails("more pages than can be", "walk-huge", 0xffffffff, GSS_NO_MEMORY);
  const guest::OptionText denied = guest::option("denied", "");
  if (denied.given) walk.attach_fails("a name that the lists forbid", denied.text, 1, GSS_NO_PERMISSION);
}

void check_sizes(Walk& walk) {
  guest::Connection first = walk.attach_ok("create 3 pages", "walk-size", 3);
  if (!first.attached()) return;
  walk.checks.equal("pages of a new region", first.pages(), 3);
  walk.checks.equal("index of the first client", first.index(), 0);
  walk.checks.equal("status after attaching", walk.factory32(GUEST_SHM_FACTORY_STATUS), GSS_OK);
  check_place(walk, first);
  walk.checks.equal("new region is zero", guest::read_at<std::uint64_t>(first.data()), 0);
  const std::uint64_t last_word = first.data() + 3ull * GUEST_SHM_PAGE_SIZE - 8;
  guest::write_at<std::uint64_t>(last_word, 0x1122334455667788);
  walk.checks.equal("data keep what was written", guest::read_at<std::uint64_t>(last_word),
                    0x1122334455667788);
  walk.checks.equal("name reads back", guest::read_at<std::uint32_t>(walk.factory() + GUEST_SHM_FACTORY_NAME),
                    0x6b6c6177);  // "walk"

  guest::Connection second = walk.attach_ok("attach again, other size", "walk-size", 9);
  if (second.attached()) {
    walk.checks.equal("the first decided the size", second.pages(), 3);
    walk.checks.equal("lowest free index", second.index(), 1);
    walk.checks.that("connections have places of their own", second.control() != first.control());
    walk.checks.equal("the same memory",
                      guest::read_at<std::uint64_t>(second.data() + 3ull * GUEST_SHM_PAGE_SIZE - 8),
                      0x1122334455667788);
    second.detach();
  }
  guest::Connection third = walk.attach_ok("size 0 of a region that is there", "walk-size", 0);
  if (third.attached()) {
    walk.checks.equal("its pages", third.pages(), 3);
    walk.checks.equal("an index is used again", third.index(), 1);
    third.detach();
  }
  walk.attach_fails("a failure in between", "", 1, GSS_ILLEGAL_NAME);
  walk.checks.equal("connection outlives a failure", first.index(), 0);
  first.detach();

  guest::Connection fresh = walk.attach_ok("create after the last detach", "walk-size", 2);
  if (!fresh.attached()) return;
  walk.checks.equal("a new region, a new size", fresh.pages(), 2);
  walk.checks.equal("the old data are gone", guest::read_at<std::uint64_t>(fresh.data()), 0);
  fresh.detach();
}

void check_large_region(Walk& walk) {
  guest::Connection large = walk.attach_ok("2 MiB", "walk-large", 512);
  if (!large.attached()) return;
  walk.checks.equal("2 MiB of data are aligned for huge pages", large.data() % kTwoMebibytes, 0);
  check_place(walk, large);
  large.detach();
}

void check_longest_name(Walk& walk) {
  guest::Connection connection = walk.attach_ok("name of 31 characters", kLongestName, 1);
  if (connection.attached()) connection.detach();
}

void check_find(Walk& walk) {
  walk.checks.equal("find without connections", walk.device.find(0).status, GSS_DOES_NOT_EXIST);
  walk.checks.equal("shmem after a find in vain", walk.factory64(GUEST_SHM_FACTORY_SHMEM), 0);
  walk.checks.equal("size after a find in vain", walk.factory32(GUEST_SHM_FACTORY_SIZE), 0);
  guest::Connection first = walk.attach_ok("first to find", "walk-find-a", 1);
  guest::Connection second = walk.attach_ok("second to find", "walk-find-b", 2);
  if (!first.attached() || !second.attached()) return;
  walk.checks.equal("find 0", walk.device.find(0).connection.control(), first.control());
  walk.checks.equal("find 1", walk.device.find(1).connection.control(), second.control());
  walk.checks.equal("size by find", walk.factory32(GUEST_SHM_FACTORY_SIZE), 2);
  walk.checks.equal("find 2 of 2", walk.device.find(2).status, GSS_DOES_NOT_EXIST);
  walk.checks.equal("find far away", walk.device.find(0xffffffff).status, GSS_DOES_NOT_EXIST);
  first.detach();
  walk.checks.equal("find 0 after the first left", walk.device.find(0).connection.control(),
                    second.control());
  second.detach();
}

void check_bound(Walk& walk) {
  constexpr unsigned kTries = GUEST_SHM_MAX_CLIENTS + 1;
  guest::Connection connections[kTries];
  unsigned attached = 0;
  std::uint32_t status = GSS_OK;
  while (attached < kTries && status == GSS_OK) {
    const guest::AttachResult result = walk.device.attach("walk-many", 1);
    status = result.status;
    if (status == GSS_OK) connections[attached++] = result.connection;
  }
  walk.checks.equal("too many connections to one region", status, GSS_CLIENT_MAX);
  walk.checks.that("two connections to one region are allowed", attached >= 2);
  for (unsigned i = 0; i < attached; ++i) connections[i].detach();
}

}  // namespace

void check_attaching(Walk& walk) {
  check_illegal_names(walk);
  check_failures(walk);
  check_sizes(walk);
  check_large_region(walk);
  check_longest_name(walk);
  check_find(walk);
  check_bound(walk);
}

}  // namespace walk
