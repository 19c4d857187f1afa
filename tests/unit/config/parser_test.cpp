// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::MemoryReader;
using testing::ElementsAre;
using testing::IsEmpty;

struct Parsed {
  SourceSet sources;
  DiagnosticSink sink;
  SyntaxTree tree;

  // "vdev 'shmem' < loc 0x1000": what each option belongs to, and its words; a '?' for a missing argument.
  std::vector<std::string> options() const {
    std::vector<std::string> result;
    for (const ParsedOption& item : tree.items) {
      std::string text = tree.contexts[item.context].label + " < ";
      if (item.blob) text += item.blob->text + " ";
      text += item.spec->name;
      for (const Word& argument : item.arguments) text += " " + argument.text;
      if (!item.complete()) text += " ?";
      result.push_back(text);
    }
    return result;
  }
  std::vector<std::string> unknown() const {
    std::vector<std::string> result;
    for (const UnknownWord& one : tree.unknown) {
      std::string text = one.word.text;
      for (const Word& word : one.rest) text += " " + word.text;
      result.push_back(text);
    }
    return result;
  }
};

Parsed parse_words(MemoryReader& reader, std::vector<std::string> words, std::string directory = "") {
  Parsed result;
  ParseInput input;
  input.words = std::move(words);
  input.directory = std::move(directory);
  result.tree = parse(input, test::shipped_tables(), reader, result.sources, result.sink);
  return result;
}

Parsed parse_text(const std::string& text) {
  MemoryReader reader;
  reader.files["vm"] = text;
  return parse_words(reader, {"@vm"});
}

TEST(Parser, LinesMeanNothing) {
  const Parsed parsed = parse_text(
      "system\nleft ram 1m,1023m cpu sched 8 cpu\nsched\n6 vdev shmem loc 0x1c050000 intr\n gic:38");
  EXPECT_THAT(parsed.options(),
              ElementsAre("the VM < system left", "the VM < ram 1m,1023m", "the VM < cpu", "cpu < sched 8",
                          "the VM < cpu", "cpu < sched 6", "the VM < vdev shmem",
                          "vdev 'shmem' < loc 0x1c050000", "vdev 'shmem' < intr gic:38"));
  EXPECT_THAT(parsed.unknown(), IsEmpty());
}

TEST(Parser, OptionsOfTheVmDoNotCloseAContext) {
  const Parsed parsed = parse_text("cpu ram 32m sched 8 load f dump d set exit-on-halt off runmask 1");
  EXPECT_EQ(parsed.options().back(), "cpu < runmask 1");
  EXPECT_EQ(parsed.options()[2], "cpu < sched 8");
  EXPECT_EQ(parsed.tree.items[1].within, 1U);
  EXPECT_EQ(parsed.tree.items[1].context, 0U);
}

TEST(Parser, AContextEndsWithTheNextOpener) {
  EXPECT_THAT(parse_text("cpu reserve loc 0xa0000,0x20000 intr 39 vdev 8259 loc 0x20").options(),
              ElementsAre("the VM < cpu", "the VM < reserve", "reserve < loc 0xa0000,0x20000",
                          "reserve < intr 39", "the VM < vdev 8259", "vdev '8259' < loc 0x20"));
}

TEST(Parser, AContextEndsWithItsFile) {
  MemoryReader reader;
  reader.files["a"] = "vdev shmem";
  reader.files["b"] = "loc 0x1000";
  const Parsed parsed = parse_words(reader, {"@a", "@b", "allow", "x"});
  EXPECT_THAT(parsed.options(), ElementsAre("the VM < vdev shmem"));
  EXPECT_THAT(parsed.unknown(), ElementsAre("loc 0x1000", "allow x"));
}

TEST(Parser, AnArgumentDoesNotComeFromTheNextFileOrTheCommandLine) {
  MemoryReader reader;
  reader.files["a"] = "ram";
  reader.files["b"] = "64M";
  const Parsed parsed = parse_words(reader, {"@a", "@b", "rom", "@a", "cmdline", "@a"});
  EXPECT_THAT(parsed.options(), ElementsAre("the VM < ram ?", "the VM < rom ?", "the VM < ram ?",
                                            "the VM < cmdline ?", "the VM < ram ?"));
  EXPECT_THAT(parsed.unknown(), ElementsAre("64M"));
}

TEST(Parser, WordsOfTheCommandLineAreReadInOrder) {
  MemoryReader reader;
  reader.files["a"] = "system left";
  const Parsed parsed =
      parse_words(reader, {"@a", "set", "fdt-dump-file", "/tmp/f.dtb", "dryrun", "cmdline", "a b \"c\" #d"});
  EXPECT_THAT(parsed.options(), ElementsAre("the VM < system left", "the VM < set fdt-dump-file /tmp/f.dtb",
                                            "the VM < dryrun", "the VM < cmdline a b \"c\" #d"));
  const SourceRange& where = parsed.tree.items[3].arguments[0].where;
  EXPECT_EQ(parsed.sources.text(where.source),
            "@a set fdt-dump-file /tmp/f.dtb dryrun cmdline 'a b \"c\" #d'");
  EXPECT_EQ(parsed.sources.describe(where), "<command line>:1:48");
}

TEST(Parser, BlobWordsStandBeforeLoad) {
  const Parsed parsed =
      parse_text("load a initrd load b data load 0x1000,c guest load d vdev shmem fdt load e");
  EXPECT_THAT(parsed.options(),
              ElementsAre("the VM < load a", "the VM < initrd load b", "the VM < data load 0x1000,c",
                          "the VM < guest load d", "the VM < vdev shmem", "the VM < fdt load e"));
}

TEST(Parser, ABlobWordAloneIsRemembered) {
  const Parsed parsed = parse_text("initrd rootfs.cpio");
  ASSERT_EQ(parsed.tree.unknown.size(), 1U);
  EXPECT_TRUE(parsed.tree.unknown[0].lone_blob);
}

TEST(Parser, NormalisesVdevTypes) {
  for (const char* type : {"shmem", "vdev-shmem", "vdev-shmem.so", "shmem.so"}) {
    const Parsed parsed = parse_text(std::string("vdev ") + type + " allow x");
    EXPECT_EQ(parsed.options().back(), "vdev 'shmem' < allow x") << type;
  }
}

TEST(Parser, MissingArgumentsAreFoundWhereAnOptionFollows) {
  const Parsed parsed = parse_text("ram cpu sched vdev shmem loc intr gic:3 create allow x");
  EXPECT_THAT(parsed.options(),
              ElementsAre("the VM < ram ?", "the VM < cpu", "cpu < sched ?", "the VM < vdev shmem",
                          "vdev 'shmem' < loc ?", "vdev 'shmem' < intr gic:3", "vdev 'shmem' < create ?",
                          "vdev 'shmem' < allow x"));
}

TEST(Parser, AValueMayLookLikeAnOption) {
  EXPECT_EQ(parse_text("system ram ram 64M").options()[0], "the VM < system ram");
  EXPECT_EQ(parse_text("vdev ser8250 name loc intr a:1").options()[1], "vdev 'ser8250' < name loc");
  EXPECT_EQ(parse_text("set debug on cpu").options()[0], "the VM < set debug on");
  EXPECT_EQ(parse_text("cmdline \"ram\" cpu").options()[0], "the VM < cmdline ram");
  EXPECT_EQ(parse_text("vdev ser8250 hostdev loc 0x3f8").options()[1], "vdev 'ser8250' < hostdev ?");
}

TEST(Parser, CollectsWordsAfterAnUnquotedCommandLine) {
  const Parsed parsed = parse_text("cmdline console=ttyS0 root=/dev/vda\n quiet ram 64M");
  ASSERT_EQ(parsed.tree.items.size(), 2U);
  EXPECT_EQ(parsed.tree.items[0].stray.size(), 2U);
  EXPECT_THAT(parsed.unknown(), IsEmpty());
}

TEST(Parser, UnknownWordsTakeTheRestOfTheirLine) {
  const Parsed parsed = parse_text("frobnicate a 1 2 b\n3 cpu xyzzy cpu");
  EXPECT_THAT(parsed.unknown(), ElementsAre("frobnicate a 1 2", "b", "3", "xyzzy"));
}

TEST(Parser, NearWordsAreTakenForWhatWasMeant) {
  const Parsed parsed = parse_text("memory 64M vdevv shmem lco 0x1000 interrupt a:1");
  EXPECT_THAT(parsed.options(), ElementsAre("the VM < ram 64M", "the VM < vdev shmem",
                                            "vdev 'shmem' < loc 0x1000", "vdev 'shmem' < intr a:1"));
  for (const ParsedOption& item : parsed.tree.items) EXPECT_TRUE(item.misspelled) << item.word.text;
}

TEST(Parser, OptionsOfUnknownVdevsTakeOneArgument) {
  const Parsed parsed = parse_text("vdev acme speed 5 loc 0x1000 loud flag cpu");
  EXPECT_THAT(parsed.options(),
              ElementsAre("the VM < vdev acme", "vdev 'acme' < speed 5", "vdev 'acme' < loc 0x1000",
                          "vdev 'acme' < loud flag", "the VM < cpu"));
  EXPECT_TRUE(parsed.tree.items[1].guessed);
}

TEST(Parser, TheirOptionsDoNotEatTheNextOption) {
  EXPECT_THAT(parse_text("vdev acme fast loc 0x1000 slow").options(),
              ElementsAre("the VM < vdev acme", "vdev 'acme' < fast", "vdev 'acme' < loc 0x1000",
                          "vdev 'acme' < slow"));
}

TEST(Parser, KnowsTheWordsOfVdevsThatAreNotSupported) {
  const Parsed parsed =
      parse_text("vdev virtio-blk legacy hostdev /dev/x loc 0x1c0d0000 intr gic:41 vdev virtio-console");
  EXPECT_THAT(parsed.options(),
              ElementsAre("the VM < vdev virtio-blk", "vdev 'virtio-blk' < legacy",
                          "vdev 'virtio-blk' < hostdev /dev/x", "vdev 'virtio-blk' < loc 0x1c0d0000",
                          "vdev 'virtio-blk' < intr gic:41", "the VM < vdev virtio-console"));
}

TEST(Parser, ReadsFilesInsideFiles) {
  MemoryReader reader;
  reader.files["dir/a"] = "cpu @b sched 8";
  reader.files["dir/b"] = "ram 64M";
  const Parsed parsed = parse_words(reader, {"@a"}, "dir");
  EXPECT_THAT(parsed.options(), ElementsAre("the VM < cpu", "the VM < ram 64M"));
  EXPECT_THAT(parsed.unknown(), ElementsAre("sched 8"));
  EXPECT_THAT(parsed.tree.files, ElementsAre("dir/a", "dir/b"));
  EXPECT_EQ(parsed.tree.nested_files.size(), 1U);
}

TEST(Parser, AnAtSignInAnArgumentIsPartOfIt) {
  EXPECT_EQ(parse_text("vdev ser8250 name @x").options()[1], "vdev 'ser8250' < name @x");
}

TEST(Parser, RefusesFilesThatReadThemselves) {
  MemoryReader reader;
  reader.files["a"] = "@b";
  reader.files["b"] = "@a";
  const Parsed parsed = parse_words(reader, {"@a"});
  ASSERT_EQ(parsed.sink.all().size(), 1U);
  EXPECT_EQ(parsed.sink.all()[0].message, "file 'a' reads itself");
}

TEST(Parser, LimitsDepthAndNumberOfFiles) {
  MemoryReader reader;
  for (int i = 0; i < 20; ++i) reader.files["f" + std::to_string(i)] = "@f" + std::to_string(i + 1);
  Parsed deep = parse_words(reader, {"@f0"});
  ASSERT_EQ(deep.sink.all().size(), 1U);
  EXPECT_EQ(deep.sink.all()[0].message, "files are nested more than 8 deep");
  std::string many;
  for (int i = 0; i < 70; ++i) many += "@leaf ";
  reader.files["leaf"] = "cpu";
  reader.files["many"] = many;
  const Parsed wide = parse_words(reader, {"@many"});
  EXPECT_EQ(wide.tree.items.size(), 63U);
  EXPECT_EQ(wide.sink.all()[0].message, "more than 64 files for one VM");
}

TEST(Parser, ReportsFilesThatCannotBeRead) {
  MemoryReader reader;
  reader.files["binary"] = std::string("a\0b", 3);
  reader.files["huge"] = std::string(kMaximumFileBytes + 1, ' ');
  const Parsed parsed = parse_words(reader, {"@missing", "@binary", "@huge", "@", "system", "left"});
  EXPECT_TRUE(parsed.tree.unreadable);
  std::vector<std::string> found;
  for (const Diagnostic& one : parsed.sink.all()) found.push_back(one.message);
  EXPECT_THAT(found,
              ElementsAre("cannot read 'missing': No such file or directory", "'binary' is not a text file",
                          "cannot read 'huge': larger than 1048576 bytes", "'@' names no file"));
  EXPECT_THAT(parsed.options(), ElementsAre("the VM < system left"));
}

TEST(Parser, PlacesOfWordsCanBeGiven) {
  MemoryReader reader;
  Parsed result;
  const SourceId manifest = result.sources.add("system.yaml", "options: [dryrun]");
  const ParseInput input{{"dryrun"}, {{manifest, 10, 16}}, ""};
  result.tree = parse(input, test::shipped_tables(), reader, result.sources, result.sink);
  EXPECT_EQ(result.sources.describe(result.tree.items[0].word.where), "system.yaml:1:11");
}

}  // namespace
}  // namespace qvm::config
