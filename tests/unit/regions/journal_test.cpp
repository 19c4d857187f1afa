// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace qvm::regions {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kMagicBytes = 5;

class RegionJournal : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "qvm-journal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
    directory.reset(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { fs::remove_all(path); }

  Journal::Opened open() {
    auto opened = Journal::open(directory.get());
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? std::move(*opened) : Journal::Opened();
  }
  std::string file() const {
    std::ifstream in(path / "journal", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void write(const std::string& bytes) const {
    std::ofstream(path / "journal", std::ios::binary | std::ios::trunc) << bytes;
  }

  fs::path path;
  UniqueFd directory;
};

using Records = std::vector<std::string>;

TEST_F(RegionJournal, KeepsRecordsInOrder) {
  {
    Journal::Opened fresh = open();
    EXPECT_TRUE(fresh.records.empty());
    ASSERT_TRUE(fresh.journal.append({"one", ""}));
    ASSERT_TRUE(fresh.journal.append({std::string(100000, 'x')}));
  }
  Journal::Opened again = open();
  EXPECT_EQ(again.records, (Records{"one", "", std::string(100000, 'x')}));
  EXPECT_FALSE(again.damaged);
}

TEST_F(RegionJournal, EveryTornEndIsCutOffAndWrittenOver) {
  ASSERT_TRUE(open().journal.append({"first", "second"}));
  const std::string whole = file();
  const std::size_t second_at = whole.size() - 8 - 6;
  for (std::size_t size = second_at; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    Journal::Opened opened = open();
    EXPECT_EQ(opened.records, Records{"first"}) << size;
    EXPECT_FALSE(opened.damaged) << size;
    ASSERT_TRUE(opened.journal.append({"third"}));
    EXPECT_EQ(open().records, (Records{"first", "third"})) << size;
  }
}

TEST_F(RegionJournal, ALastRecordWithTheWrongBytesIsTorn) {
  ASSERT_TRUE(open().journal.append({"first", "second"}));
  std::string bytes = file();
  bytes.back() = '?';
  write(bytes);
  const Journal::Opened opened = open();
  EXPECT_EQ(opened.records, Records{"first"});
  EXPECT_FALSE(opened.damaged);
}

TEST_F(RegionJournal, DamageInTheMiddleIsReported) {
  ASSERT_TRUE(open().journal.append({"first", "second"}));
  std::string bytes = file();
  bytes[kMagicBytes + 8] = '?';
  write(bytes);
  const Journal::Opened opened = open();
  EXPECT_TRUE(opened.records.empty());
  EXPECT_TRUE(opened.damaged);
}

TEST_F(RegionJournal, WhatIsNoJournalIsReported) {
  write("something else");
  const Journal::Opened opened = open();
  EXPECT_TRUE(opened.damaged);
  EXPECT_TRUE(opened.records.empty());
}

TEST_F(RegionJournal, ATornBeginningIsAFreshJournal) {
  for (std::size_t size = 0; size < kMagicBytes; ++size) {
    write(std::string("QMJ1\n").substr(0, size));
    EXPECT_FALSE(open().damaged) << size;
  }
}

TEST_F(RegionJournal, RewriteReplacesEverything) {
  Journal::Opened opened = open();
  ASSERT_TRUE(opened.journal.append({"old", "older"}));
  ASSERT_TRUE(opened.journal.rewrite({"new"}));
  ASSERT_TRUE(opened.journal.append({"newer"}));
  EXPECT_EQ(open().records, (Records{"new", "newer"}));
}

TEST_F(RegionJournal, AnUnfinishedRewriteIsForgotten) {
  ASSERT_TRUE(open().journal.append({"kept"}));
  std::ofstream(path / "journal.new") << "half";
  EXPECT_EQ(open().records, Records{"kept"});
  EXPECT_FALSE(fs::exists(path / "journal.new"));
}

TEST_F(RegionJournal, GrowsOnlySoFar) {
  Journal::Opened opened = open();
  const std::string record(1000, 'x');
  std::uint64_t rewrites = 0;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(opened.journal.append({record}));
    if (!opened.journal.bloated()) continue;
    ASSERT_TRUE(opened.journal.rewrite({record}));
    ++rewrites;
  }
  EXPECT_GT(rewrites, 0U);
  EXPECT_LT(fs::file_size(path / "journal"), 400'000U);
}

// Files of this process beyond the size of the journal cannot grow as long as this lives.
class NoRoom {
 public:
  explicit NoRoom(std::uintmax_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &x_before);
    const rlimit limit{bytes, x_before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~NoRoom() {
    ::setrlimit(RLIMIT_FSIZE, &x_before);
    ::signal(SIGXFSZ, SIG_DFL);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  rlimit x_before{};
};

TEST_F(RegionJournal, NothingFollowsWhatCouldNotBeWritten) {
  Journal::Opened opened = open();
  Journal& journal = opened.journal;
  ASSERT_TRUE(journal.append({"one"}));
  {
    const NoRoom full(fs::file_size(path / "journal") + 4);
    EXPECT_EQ(journal.append({"two"}).error().code(), EFBIG);
  }
  EXPECT_FALSE(journal.whole());
  EXPECT_FALSE(journal.append({"three"})) << "there is room, but a gap";
  EXPECT_EQ(open().records, Records{"one"});
  ASSERT_TRUE(journal.rewrite({"one", "two", "three"}));
  EXPECT_TRUE(journal.whole());
  ASSERT_TRUE(journal.append({"four"}));
  EXPECT_EQ(open().records, (Records{"one", "two", "three", "four"}));
}

TEST_F(RegionJournal, ARewriteWithoutRoomLeavesTheOldOneAndNothingElse) {
  Journal::Opened opened = open();
  ASSERT_TRUE(opened.journal.append({"one"}));
  {
    const NoRoom full(fs::file_size(path / "journal") + 4);
    EXPECT_EQ(opened.journal.rewrite({"one", "two"}).error().code(), EFBIG);
  }
  EXPECT_FALSE(fs::exists(path / "journal.new"));
  EXPECT_TRUE(opened.journal.whole());
  ASSERT_TRUE(opened.journal.append({"two"}));
  EXPECT_EQ(open().records, (Records{"one", "two"}));
}

TEST_F(RegionJournal, RemoveLeavesNothing) {
  open().journal.remove();
  EXPECT_TRUE(fs::is_empty(path));
}

}  // namespace
}  // namespace qvm::regions
