// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string>

#include "vdevs/vmhost/config.h"

namespace qvm::vmhost {
namespace {

constexpr const char* kComplete = R"({"version":1,"vm":"left","vdevs":[
  {"id":"shmem0","type":"shmem","name":"moo","object":"/lib/qvm/vdev-shmem.so","place":"left.qvmconf:12:6",
   "loc":{"space":"memory","address":469762048,"length":4096},"interrupt":{"controller":"ioapic","line":10},
   "window":{"address":2147483648,"length":268435456},"region_socket":"/run/qvm/vm/left/regions.sock",
   "options":[{"name":"sched","args":["10"],"place":"left.qvmconf:13:3"},{"name":"allow","args":["a","b"]},
   {"name":"speed","args":[{"text":"0x10","value":16,"place":"left.qvmconf:14:9"},{"text":"on","value":true}]}]}]})";

TEST(VmhostConfig, ReadsEverything) {
  const auto config = parse_config(kComplete);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->vm, "left");
  ASSERT_EQ(config->vdevs.size(), 1u);
  const VdevConfig& vdev = config->vdevs[0];
  EXPECT_EQ(vdev.id, "shmem0");
  EXPECT_EQ(vdev.type, "shmem");
  EXPECT_EQ(vdev.name, "moo");
  EXPECT_EQ(vdev.object, "/lib/qvm/vdev-shmem.so");
  EXPECT_EQ(vdev.loc->range, (AddressRange{0x1c000000, 4096}));
  EXPECT_EQ(vdev.interrupt->controller, "ioapic");
  EXPECT_EQ(vdev.interrupt->line, 10u);
  EXPECT_EQ(vdev.window, (AddressRange{0x80000000, 0x10000000}));
  EXPECT_EQ(vdev.region_socket, "/run/qvm/vm/left/regions.sock");
  ASSERT_EQ(vdev.options.size(), 3u);
  EXPECT_EQ(vdev.options[0].place, "left.qvmconf:13:3");
  const auto& names = vdev.options[1].args;
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].text, "a");
  EXPECT_EQ(names[1].text, "b");
  const auto& typed = vdev.options[2].args;
  ASSERT_EQ(typed.size(), 2u);
  EXPECT_EQ(std::get<std::uint64_t>(typed[0].value), 16u);
  EXPECT_EQ(typed[0].place, "left.qvmconf:14:9");
  EXPECT_TRUE(std::get<bool>(typed[1].value));
  EXPECT_EQ(vdev.title(), "vdev shmem0 (left.qvmconf:12:6)");
}

// Whatever of it has a description is written and read.
TEST(VmhostConfig, IsReadAsItWasWritten) {
  Config config{.vm = "v", .placed = {}, .vdevs = {}, .extras = {}};
  VdevConfig& registers = config.vdevs.emplace_back();
  registers = {.id = "a0", .type = "a", .name = "n", .object = "/a.so", .place = "v.qvmconf:1:1"};
  registers.loc = {.range = {0x1000, 0x2000}};
  registers.interrupt = {"ioapic", 7};
  registers.interrupts = {{"ioapic", 7}, {"ioapic", 9}};
  registers.window = {0x80000000, 0x10000000};
  registers.region_socket = "/s";
  registers.options = {{"x", {{"1", std::uint64_t{1}, "p"}, {"on", true, ""}, {"t", {}, "q"}}, "r"}};
  VdevConfig& function = config.vdevs.emplace_back();
  function = {.id = "b0", .type = "b", .object = "/b.so"};
  function.pci = {.vendor = 1, .device = 2, .class_code = 3, .length = 4096};
  config.placed = {
      {.serial = "s", .addresses = {1, 2}, .line = 3, .legacy = true, .title = "t", .place = "p"}};
  std::string space(kPciConfigBytes, '\0');
  space[0] = 5;
  config.extras = {.pci_functions = {{"c0", "p", {.vendor = 5, .fixed_space = space}}},
                   .memory = {{"p", {0x3000, 0x1000}, true}},
                   .second_places = {{SecondPlace::Part::precision_timer, "p", {0x5000, 0x1000}}}};
  const auto read = parse_config(to_json(config));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->vm, config.vm);
  EXPECT_EQ(read->vdevs, config.vdevs);
  EXPECT_EQ(read->placed, config.placed);
  EXPECT_EQ(read->extras, config.extras);
}

TEST(VmhostConfig, LeavesOutWhatIsNotThere) {
  const auto config =
      parse_config(R"({"version":1,"vm":"v","vdevs":[{"id":"a0","type":"a","object":"/a.so"}]})");
  ASSERT_TRUE(config) << config.error().message();
  const VdevConfig& vdev = config->vdevs[0];
  EXPECT_FALSE(vdev.loc || vdev.interrupt || vdev.window);
  EXPECT_EQ(vdev.region_socket, "");
  EXPECT_EQ(vdev.title(), "vdev a0");
}

TEST(VmhostConfig, ReadsAPciFunction) {
  const auto config = parse_config(
      R"({"version":1,"vm":"v","vdevs":[{"id":"a0","type":"a","object":"/a.so",
          "pci":{"vendor":7173,"device":1,"class":1280,"length":8192}}]})");
  ASSERT_TRUE(config) << config.error().message();
  const VdevConfig& vdev = config->vdevs[0];
  ASSERT_TRUE(vdev.pci);
  EXPECT_EQ(vdev.pci->vendor, 0x1c05);
  EXPECT_EQ(vdev.pci->device, 1);
  EXPECT_EQ(vdev.pci->class_code, 0x0500);
  EXPECT_EQ(vdev.pci->length, 8192u);
}

TEST(VmhostConfig, ReadsWhatIsPlaced) {
  const auto config = parse_config(
      R"({"version":1,"vm":"v","vdevs":[],"placed":[
          {"type":"arm-gicv3-common","addresses":[788529152,789577728]},
          {"serial":"charserial0","addresses":[470351872],"line":37,"title":"vdev pl011-0","place":"b.qvmconf:3:4"},
          {"transport_of":"ua-virtio-blk0","addresses":[470614016],"line":41}]})");
  ASSERT_TRUE(config) << config.error().message();
  ASSERT_EQ(config->placed.size(), 3U);
  EXPECT_EQ(config->placed[0].type, "arm-gicv3-common");
  EXPECT_EQ(config->placed[0].addresses, (std::vector<std::uint64_t>{0x2f000000, 0x2f100000}));
  EXPECT_FALSE(config->placed[0].line);
  EXPECT_EQ(config->placed[1].serial, "charserial0");
  EXPECT_EQ(config->placed[1].line, 37U);
  EXPECT_EQ(config->placed[1].full_title(), "vdev pl011-0 (b.qvmconf:3:4)");
  EXPECT_EQ(config->placed[2].transport_of, "ua-virtio-blk0");
}

TEST(VmhostConfig, ReadsWhatIsNoVdev) {
  const std::string space =
      "051c0000" + std::string(12, '0') + "0b04" + std::string(2 * kPciConfigBytes - 24, '0');
  const auto config = parse_config(R"({"version":1,"vm":"v","vdevs":[],
      "pci_functions":[{"id":"pci-dummy0","place":"v.qvmconf:9:6","config":")" +
                                   space + R"("}],
      "memory":[{"place":"v.qvmconf:3:5","address":3489660928,"length":8192}],
      "second_places":[{"part":"ioapic","address":4160749568,"length":4096},
                       {"part":"hpet","address":4160782336,"length":4096}]})");
  ASSERT_TRUE(config) << config.error().message();
  const MachineExtras& extras = config->extras;
  ASSERT_EQ(extras.pci_functions.size(), 1u);
  EXPECT_EQ(extras.pci_functions[0].title(), "vdev pci-dummy0 (v.qvmconf:9:6)");
  EXPECT_EQ(extras.pci_functions[0].config.vendor, 0x1c05);
  EXPECT_EQ(extras.pci_functions[0].config.class_code, 0x040b);
  EXPECT_EQ(extras.pci_functions[0].config.length, 0u);
  EXPECT_EQ(extras.pci_functions[0].config.fixed_space.size(), kPciConfigBytes);
  ASSERT_EQ(extras.memory.size(), 1u);
  EXPECT_EQ(extras.memory[0].range, (AddressRange{0xd0000000, 0x2000}));
  ASSERT_EQ(extras.second_places.size(), 2u);
  EXPECT_EQ(extras.second_places[0].part, SecondPlace::Part::io_apic);
  EXPECT_EQ(extras.second_places[1].part, SecondPlace::Part::precision_timer);
  EXPECT_EQ(extras.second_places[1].range, (AddressRange{0xf8008000, 0x1000}));
}

struct BadConfig {
  const char* text;
  const char* message;
};
class VmhostBadConfig : public ::testing::TestWithParam<BadConfig> {};

TEST_P(VmhostBadConfig, SaysWhatIsWrong) {
  const auto config = parse_config(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, VmhostBadConfig,
    ::testing::Values(
        BadConfig{"", "is not JSON"}, BadConfig{"{", "is not JSON"}, BadConfig{"[]", "is not an object"},
        BadConfig{"{}", "version: is missing"},
        BadConfig{R"({"version":2})", "has format version 2; this vmhost reads version 1"},
        BadConfig{R"({"version":-1})", "has format version -1; this vmhost reads version 1"},
        BadConfig{R"({"version":1,"vm":3})", "vm: is not a text"},
        BadConfig{R"({"version":1,"vm":"v"})", "vdevs: is missing"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[7]})", "vdevs[0]: is not an object"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t"}]})", "vdevs[0].object: is missing"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","loc":{"space":"io","address":1,"length":1}}]})",
            "vdevs[0].loc: a space other than memory is not supported"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","loc":{"space":"memory","address":1}}]})",
            "vdevs[0].loc.length: is missing"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","loc":5}]})",
                  "vdevs[0].loc: is not an object"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","window":{"address":1,"length":0}}]})",
            "vdevs[0].window: has no valid length"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","window":{"address":18446744073709551615,"length":2}}]})",
            "vdevs[0].window: has no valid length"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","interrupt":{"controller":"ioapic","line":70000}}]})",
            "vdevs[0].interrupt: line is too big"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","pci":{"vendor":1,"device":1,"class":1,"length":4096},"interrupt":{"controller":"ioapic","line":7}}]})",
            "vdevs[0]: pci and interrupt exclude each other"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","pci":{"vendor":65536,"device":1,"class":1,"length":4096}}]})",
            "vdevs[0].pci.vendor: 65536 is out of range"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","pci":{"vendor":1,"device":1,"class":1,"length":5000}}]})",
            "vdevs[0].pci: length is not a power of two from 4096 to 1073741824"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","options":[{"name":"x","args":[1]}]}]})",
            "vdevs[0].options[0].args[0]: is not an object"},
        BadConfig{
            R"({"version":1,"vm":"v","vdevs":[{"id":"a","type":"t","object":"/o","options":[{"name":"x","args":[{"text":"1","value":-1}]}]}]})",
            "vdevs[0].options[0].args[0].value: -1 is out of range"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[],"memory":3})", "memory: is not a list"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[],"memory":[3]})", "memory[0]: is not an object"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[],"memory":[{"address":4096,"length":5}]})",
                  "memory[0]: address and length are not multiples of 4096"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[],"second_places":[{"part":"pit"}]})",
                  "second_places[0].part: unknown word 'pit'"},
        BadConfig{R"({"version":1,"vm":"v","vdevs":[],"pci_functions":[{"id":"a","config":"12"}]})",
                  "pci_functions[0].config: is not 512 hexadecimal digits"}));

TEST(VmhostConfig, NamesTheFileThatIsNotThere) {
  const auto config = read_config("/nonexistent/vmhost.json");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message(), "open '/nonexistent/vmhost.json': No such file or directory");
}

struct Number {
  const char* text;
  NumberError error;
  std::uint64_t value;
};
class VmhostNumber : public ::testing::TestWithParam<Number> {};

TEST_P(VmhostNumber, Parses) {
  std::uint64_t value = 0;
  EXPECT_EQ(parse_number(GetParam().text, value), GetParam().error);
  EXPECT_EQ(value, GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, VmhostNumber,
    ::testing::Values(Number{"0", NumberError::none, 0}, Number{"10", NumberError::none, 10},
                      Number{"0x1f", NumberError::none, 0x1f}, Number{"0d10", NumberError::none, 10},
                      Number{"4k", NumberError::none, 4096}, Number{"0x4K", NumberError::none, 4096},
                      Number{"2M", NumberError::none, 2u << 20}, Number{"3g", NumberError::none, 3ull << 30},
                      Number{"18446744073709551615", NumberError::none, ~0ull},
                      Number{"18446744073709551616", NumberError::too_big, 0},
                      Number{"17179869184G", NumberError::too_big, 0},
                      Number{"", NumberError::not_a_number, 0}, Number{"K", NumberError::not_a_number, 0},
                      Number{"0x", NumberError::not_a_number, 0}, Number{"1x", NumberError::not_a_number, 0},
                      Number{"-1", NumberError::not_a_number, 0}, Number{" 1", NumberError::not_a_number, 0},
                      Number{"1KK", NumberError::not_a_number, 0}));

}  // namespace
}  // namespace qvm::vmhost
