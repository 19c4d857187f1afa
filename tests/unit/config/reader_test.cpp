// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "tests/support/config_text.h"
#include "tests/support/temporary_directory.h"

namespace qvm::config {
namespace {

using test::TemporaryDirectory;

TEST(HostReader, ReadsUpToALimit) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a", "12345");
  HostReader reader;
  EXPECT_EQ(reader.read(file, 5).value(), "12345");
  EXPECT_EQ(reader.read(file, 4).error().message(), "read '" + file + "': larger than 4 bytes");
  EXPECT_EQ(reader.read_head(file, 2).value(), "12");
  EXPECT_EQ(reader.read_head(file, 99).value(), "12345");
}

TEST(HostReader, SaysWhyAFileCannotBeRead) {
  const TemporaryDirectory directory;
  HostReader reader;
  EXPECT_EQ(reader.read(directory.path() + "/missing", 10).error().code(), ENOENT);
  EXPECT_EQ(reader.read(directory.path(), 10).error().code(), EISDIR);
  EXPECT_EQ(reader.facts(directory.path() + "/missing").error().code(), ENOENT);
}

TEST(HostReader, KnowsFacts) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a", "123");
  HostReader reader;
  const auto facts = reader.facts(file);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->size, 3U);
  EXPECT_TRUE(facts->regular);
  EXPECT_TRUE(facts->readable);
  EXPECT_FALSE(reader.facts(directory.path())->regular);
  EXPECT_FALSE(facts->directory);
  EXPECT_TRUE(reader.facts(directory.path())->directory);
  EXPECT_EQ(facts->identity, reader.facts(directory.path() + "/./a")->identity);
  EXPECT_NE(facts->identity, reader.facts(directory.path())->identity);
}

TEST(HostReader, KnowsTheHost) {
  const HostResources facts = HostReader().host();
  EXPECT_GE(facts.cpus.value(), 1U);
  EXPECT_GE(facts.memory.value(), std::uint64_t{1} << 20U);
}

TEST(RememberingReader, AsksOnce) {
  test::MemoryReader files;
  files.files["a"] = "12345";
  RememberingReader reader(files);
  EXPECT_EQ(reader.read_head("a", 2).value(), "12");
  EXPECT_EQ(reader.facts("a")->size, 5U);
  EXPECT_FALSE(reader.facts("b"));
  files.files.clear();
  files.files["b"] = "1";
  EXPECT_EQ(reader.read_head("a", 4).value(), "1234");
  EXPECT_EQ(reader.facts("a")->size, 5U);
  EXPECT_FALSE(reader.facts("b"));
}

TEST(HostReader, DoesNotWaitForAWriterOfAFifo) {
  const TemporaryDirectory directory;
  const std::string fifo = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  HostReader reader;
  EXPECT_EQ(reader.read(fifo, 10).value(), "");
}

TEST(HostReader, PrefersTheEnvironmentToDefaults) {
  HostReader reader;
  ::setenv("QVM_READER_TEST", "set", 1);
  reader.set_default("QVM_READER_TEST", "default");
  reader.set_default("QVM_READER_TEST_UNSET", "default");
  EXPECT_EQ(reader.environment("QVM_READER_TEST"), "set");
  EXPECT_EQ(reader.environment("QVM_READER_TEST_UNSET"), "default");
  EXPECT_FALSE(reader.environment("QVM_READER_TEST_NEVER_SET"));
}

}  // namespace
}  // namespace qvm::config
