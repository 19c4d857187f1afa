// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/renamed_files.h"

#include <gmock/gmock.h>

#include <sstream>

namespace qvm::daemon {
namespace {

using testing::ElementsAre;

// The argument as it becomes.
std::string renamed(const std::string& argument, const RenamedFiles& files) {
  pugi::xml_document document;
  pugi::xml_node domain = document.append_child("domain");
  pugi::xml_node node = domain.append_child("qemu:commandline").append_child("qemu:arg");
  node.append_attribute("value") = argument.c_str();
  rename_files(domain, files);
  return node.attribute("value").value();
}

TEST(RenamedFiles, NameThatAnotherBeginsWithIsLeftAlone) {
  const RenamedFiles files = {{"/x/font", "/vm/0-font"}, {"/x/font.bold", "/vm/1-font.bold"}};
  EXPECT_EQ(renamed("loader,file=/x/font,addr=0x1000,force-raw=on", files),
            "loader,file=/vm/0-font,addr=0x1000,force-raw=on");
  EXPECT_EQ(renamed("loader,file=/x/font.bold,addr=0x2000,force-raw=on", files),
            "loader,file=/vm/1-font.bold,addr=0x2000,force-raw=on");
  EXPECT_EQ(renamed("loader,file=/x/font.italic", files), "loader,file=/x/font.italic");
  EXPECT_EQ(renamed("loader,file=/y/x/font", files), "loader,file=/y/x/font");
}

TEST(RenamedFiles, CommasInNamesStandTwice) {
  EXPECT_EQ(renamed("file=/a,,b,c=d", {{"/a,b", "/c,d"}}), "file=/c,,d,c=d");
  EXPECT_EQ(renamed("file=/a,,b,c=d", {{"/a", "/c"}}), "file=/a,,b,c=d");
}

TEST(RenamedFiles, OnlyTheOptionFileIsAFile) {
  EXPECT_EQ(renamed("pidfile=/a,log=/a", {{"/a", "/b"}}), "pidfile=/a,log=/a");
}

TEST(RenamedFiles, NewNameIsNotRenamedAgain) {
  EXPECT_EQ(renamed("file=/a", {{"/a", "/b"}, {"/b", "/c"}}), "file=/b");
}

TEST(RenamedFiles, OtherArgumentsStayAsTheyAre) {
  for (const char* argument :
       {"", ",", ",,", ",,,", "a,,,b", R"({"driver":"x","file":"/a"})", "a=b,,c,d=,"}) {
    EXPECT_EQ(renamed(argument, {{"/a", "/b"}}), argument);
  }
}

TEST(RenamedFiles, FirmwareKernelAndRamdiskAreFiles) {
  pugi::xml_document document;
  document.load_string(
      "<domain><os><loader>/f</loader><kernel>/k</kernel><initrd>/i</initrd><cmdline>/k</cmdline></os></"
      "domain>");
  rename_files(document.child("domain"), {{"/f", "/1"}, {"/k", "/2"}, {"/i", "/3"}});
  std::ostringstream text;
  document.child("domain").child("os").print(text, "", pugi::format_raw);
  EXPECT_EQ(text.str(),
            "<os><loader>/1</loader><kernel>/2</kernel><initrd>/3</initrd><cmdline>/k</cmdline></os>");
}

constexpr const char* kVmhost = R"({"version": 1, "vm": "v", "vdevs": [
    {"id": "b0", "type": "b", "object": "/p/b.so", "options": []},
    {"id": "a0", "type": "a", "object": "/p/a.so"}, {"id": "b1", "type": "b", "object": "/p/b.so"}]})";

TEST(RenamedFiles, ObjectsOfVdevsAreFiles) {
  EXPECT_THAT(vdev_objects(kVmhost), ElementsAre("/p/a.so", "/p/b.so"));
  EXPECT_THAT(vdev_objects(rename_objects(kVmhost, {{"/p/b.so", "/s/b.so"}, {"/p/a", "/s/a"}})),
              ElementsAre("/p/a.so", "/s/b.so"));
}

TEST(RenamedFiles, WithoutANewNameTheTextStays) {
  EXPECT_EQ(rename_objects(kVmhost, {{"/p/c.so", "/s/c.so"}}), kVmhost);
  for (const char* text : {"", "nonsense", "[]", R"({"vdevs": 1})", R"({"vdevs": [1, {"object": 2}]})"}) {
    EXPECT_THAT(vdev_objects(text), ElementsAre());
    EXPECT_EQ(rename_objects(text, {{"/a", "/b"}}), text);
  }
}

}  // namespace
}  // namespace qvm::daemon
