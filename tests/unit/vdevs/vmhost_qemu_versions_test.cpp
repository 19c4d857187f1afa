// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One binary for every version of QEMU: which form of a function is called in which, and what is said of a
// version that has none.
#include "vdevs/vmhost/qemu_versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost::qemu_versions_test {
namespace {

using ::testing::ElementsAre;
using Names = std::set<std::string, std::less<>>;

// A QEMU of some version. What it lacks of the symbols that vmhost knows was looked up in Debian's binaries.
struct FakeQemu {
  QemuVersionTriple version{7, 2, 22};
  Names lacks;
  bool kvm = false;
  bool tcg = true;
  bool multi_threaded = true;
  bool slot_free = true;
  bool takes_reasons = true;  // refuses to save when told to
  std::size_t region_bytes = 272;
  std::vector<std::string> calls;
  const QemuError* reason = nullptr;
};
FakeQemu* g_qemu = nullptr;

void note(const char* call) {
  g_qemu->calls.emplace_back(call);
}

const Names kLackedBy72{"bql_lock_impl",         "bql_unlock",
                        "physical_memory_read",  "physical_memory_write",
                        "kvm_get_free_memslots", "migrate_add_blocker_modes",
                        "qemu_tcg_mttcg_enabled"};
const Names kLackedBy100{"qemu_mutex_lock_iothread_impl",
                         "qemu_mutex_unlock_iothread",
                         "physical_memory_read",
                         "physical_memory_write",
                         "kvm_has_free_slot",
                         "object_type_get_instance_size",
                         "qemu_tcg_mttcg_enabled",
                         "type_register"};
const Names kLackedBy111{"qemu_mutex_lock_iothread_impl",
                         "qemu_mutex_unlock_iothread",
                         "cpu_physical_memory_rw",
                         "kvm_has_free_slot",
                         "memory_region_init_rom_device_nomigrate",
                         "mttcg_enabled",
                         "object_type_get_instance_size",
                         "type_register"};

QemuVersionInfo* query_version(QemuError**) {
  static QemuVersionInfo info{};
  info.qemu = &g_qemu->version;
  return &info;
}
template <int form>
void lock(const char*, int) {
  note(form == 0 ? "qemu_mutex_lock_iothread_impl" : "bql_lock_impl");
}
template <int form>
void unlock() {
  note(form == 0 ? "qemu_mutex_unlock_iothread" : "bql_unlock");
}
void memory_rw(std::uint64_t, void*, std::uint64_t, bool write) {
  note(write ? "cpu_physical_memory_rw write" : "cpu_physical_memory_rw read");
}
void memory_read(std::uint64_t, void*, std::uint64_t) {
  note("physical_memory_read");
}
void memory_write(std::uint64_t, const void*, std::uint64_t) {
  note("physical_memory_write");
}
Object* machine() {
  return nullptr;
}
bool has_free_slot(Object*) {
  note("kvm_has_free_slot");
  return g_qemu->slot_free;
}
unsigned free_slots() {
  note("kvm_get_free_memslots");
  return g_qemu->slot_free ? 7 : 0;
}
bool mttcg_enabled() {
  note("qemu_tcg_mttcg_enabled");
  return g_qemu->multi_threaded;
}
void set_error(QemuError** error, const char*, int, const char*, const char*, ...) {
  *error = reinterpret_cast<QemuError*>(&g_qemu->version);
}
const char* pretty(const QemuError*) {
  return "not now";
}
int block_by_reason(QemuError* reason, QemuError**) {
  g_qemu->reason = reason;
  return 0;
}
int block_by_address(QemuError** reason, QemuError**) {
  g_qemu->reason = *reason;
  return 0;
}
bool is_blocked(QemuError**) {
  return g_qemu->takes_reasons && g_qemu->reason == reinterpret_cast<QemuError*>(&g_qemu->version);
}
Object* new_object(const char*) {
  return static_cast<Object*>(std::malloc(g_qemu->region_bytes));
}
void unref(Object* object) {
  std::free(object);
}

void* lookup(const char* name) {
  if (g_qemu->lacks.contains(name)) return nullptr;
  const bool by_address = !g_qemu->lacks.contains("migrate_add_blocker_modes");
  struct Symbol {
    const char* name;
    void* address;
  };
  const auto code = [](auto* function) { return reinterpret_cast<void*>(function); };
  const Symbol symbols[] = {
      {"qmp_query_version", code(&query_version)},
      {"qemu_mutex_lock_iothread_impl", code(&lock<0>)},
      {"qemu_mutex_unlock_iothread", code(&unlock<0>)},
      {"bql_lock_impl", code(&lock<1>)},
      {"bql_unlock", code(&unlock<1>)},
      {"cpu_physical_memory_rw", code(&memory_rw)},
      {"physical_memory_read", code(&memory_read)},
      {"physical_memory_write", code(&memory_write)},
      {"qdev_get_machine", code(&machine)},
      {"kvm_has_free_slot", code(&has_free_slot)},
      {"kvm_get_free_memslots", code(&free_slots)},
      {"qemu_tcg_mttcg_enabled", code(&mttcg_enabled)},
      {"mttcg_enabled", &g_qemu->multi_threaded},
      {"kvm_allowed", &g_qemu->kvm},
      {"tcg_allowed", &g_qemu->tcg},
      {"error_setg_internal", code(&set_error)},
      {"error_get_pretty", code(&pretty)},
      {"migrate_add_blocker", by_address ? code(&block_by_address) : code(&block_by_reason)},
      {"migration_is_blocked", code(&is_blocked)},
      {"object_new", code(&new_object)},
      {"object_unref", code(&unref)},
  };
  for (const Symbol& symbol : symbols) {
    if (std::strcmp(symbol.name, name) == 0) return symbol.address;
  }
  return &g_qemu->calls;  // not called here
}

struct QemuVersionsTest : ::testing::Test {
  void SetUp() override { g_qemu = &qemu; }
  void boot(QemuVersionTriple version, Names lacks) {
    qemu.version = version;
    qemu.lacks = std::move(lacks);
    api = QemuApi::resolve(&lookup);
  }
  // Calls each function that has several forms.
  void call_all() {
    std::uint64_t word = 0;
    api->lock();
    api->unlock();
    api->memory_rw(0, &word, sizeof word, false);
    api->memory_rw(0, &word, sizeof word, true);
    EXPECT_TRUE(api->check_shared_memory());
    qemu.kvm = true;
    EXPECT_TRUE(api->can_map_more());
    EXPECT_TRUE(api->block_migration("a reason"));
  }

  FakeQemu qemu;
  Result<QemuApi> api = fail("not started");
};

TEST_F(QemuVersionsTest, Of72) {
  boot({7, 2, 22}, kLackedBy72);
  ASSERT_TRUE(api) << api.error().message();
  call_all();
  EXPECT_THAT(qemu.calls, ElementsAre("qemu_mutex_lock_iothread_impl", "qemu_mutex_unlock_iothread",
                                      "cpu_physical_memory_rw read", "cpu_physical_memory_rw write",
                                      "kvm_has_free_slot"));
}

TEST_F(QemuVersionsTest, Of100) {
  boot({10, 0, 13}, kLackedBy100);
  ASSERT_TRUE(api) << api.error().message();
  call_all();
  EXPECT_THAT(qemu.calls, ElementsAre("bql_lock_impl", "bql_unlock", "cpu_physical_memory_rw read",
                                      "cpu_physical_memory_rw write", "kvm_get_free_memslots"));
}

TEST_F(QemuVersionsTest, Of111) {
  boot({11, 1, 3}, kLackedBy111);
  ASSERT_TRUE(api) << api.error().message();
  call_all();
  EXPECT_THAT(qemu.calls,
              ElementsAre("bql_lock_impl", "bql_unlock", "physical_memory_read", "physical_memory_write",
                          "qemu_tcg_mttcg_enabled", "kvm_get_free_memslots"));
}

TEST_F(QemuVersionsTest, NobodyKnowsAreTried) {
  Names lacks = kLackedBy111;
  lacks.insert({"isa_get_irq", "memory_region_set_readonly", "kvm_set_irq"});
  boot({12, 0, 0}, lacks);
  ASSERT_TRUE(api) << api.error().message();
  EXPECT_EQ(api->version_text(), "12.0.0");
  call_all();
}

struct Lack {
  const char* title;
  Names lacks;
  const char* names;
};
struct QemuVersionsLacking : ::testing::TestWithParam<Lack> {};

TEST_P(QemuVersionsLacking, AreRefusedWithTheNameOfWhatTheyLack) {
  FakeQemu qemu;
  g_qemu = &qemu;
  qemu.version = {12, 0, 0};
  qemu.lacks = kLackedBy111;
  qemu.lacks.insert(GetParam().lacks.begin(), GetParam().lacks.end());
  const auto api = QemuApi::resolve(&lookup);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().message(),
            "QEMU 12.0.0 has no function " + std::string(GetParam().names) +
                ", which vmhost needs; use a QEMU that was built with modules, of a version that was tried "
                "(7.2, 10.0, 11.1)");
}

INSTANTIATE_TEST_SUITE_P(
    Functions, QemuVersionsLacking,
    ::testing::Values(
        Lack{"lock", {"bql_lock_impl"}, "'bql_lock_impl' or 'qemu_mutex_lock_iothread_impl'"},
        Lack{"unlock", {"bql_unlock"}, "'bql_lock_impl' or 'qemu_mutex_lock_iothread_impl'"},
        Lack{"read", {"physical_memory_read"}, "'cpu_physical_memory_rw' or 'physical_memory_read'"},
        Lack{"write", {"physical_memory_write"}, "'cpu_physical_memory_rw' or 'physical_memory_read'"},
        Lack{"blocker", {"migrate_add_blocker"}, "'migrate_add_blocker'"},
        Lack{"one", {"memory_region_init_rom_device"}, "'memory_region_init_rom_device'"}),
    [](const auto& one) { return std::string(one.param.title); });

TEST_F(QemuVersionsTest, AFullKvmTakesNoMore) {
  for (const Names& lacks : {kLackedBy72, kLackedBy111}) {
    boot({11, 1, 3}, lacks);
    ASSERT_TRUE(api);
    qemu.slot_free = false;
    EXPECT_TRUE(api->can_map_more()) << "not under KVM";
    qemu.kvm = true;
    EXPECT_FALSE(api->can_map_more());
    qemu = {};
  }
}

TEST_F(QemuVersionsTest, WithOneThreadForAllVcpusShareNothing) {
  for (const Names& lacks : {kLackedBy72, kLackedBy111}) {
    boot({11, 1, 3}, lacks);
    ASSERT_TRUE(api);
    qemu.multi_threaded = false;
    const auto checked = api->check_shared_memory();
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message(),
              "QEMU runs with one thread for all vCPUs (thread=single or icount), in which locked "
              "instructions are not atomic against other users of a region; use -accel tcg,thread=multi or "
              "KVM");
    qemu.kvm = true;
    EXPECT_TRUE(api->check_shared_memory());
    qemu = {};
  }
}

TEST_F(QemuVersionsTest, ThatDoNotTellTheirThreadsShareNothing) {
  Names lacks = kLackedBy111;
  lacks.insert("qemu_tcg_mttcg_enabled");
  boot({12, 0, 0}, lacks);
  ASSERT_TRUE(api);
  const auto checked = api->check_shared_memory();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message(),
            "QEMU 12.0.0 does not say whether each vCPU has a thread of its own, without which locked "
            "instructions are not atomic against other users of a region; use KVM, or use a QEMU that was "
            "built with modules, of a version that was tried (7.2, 10.0, 11.1)");
}

TEST_F(QemuVersionsTest, ThatDoNotTellKvmsSlotsShareNothingUnderKvm) {
  Names lacks = kLackedBy111;
  lacks.insert("kvm_get_free_memslots");
  boot({12, 0, 0}, lacks);
  ASSERT_TRUE(api);
  EXPECT_TRUE(api->check_shared_memory()) << "under TCG";
  qemu.kvm = true;
  const auto checked = api->check_shared_memory();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message(),
            "QEMU 12.0.0 does not say whether KVM can map more memory, and ends when it cannot; use a QEMU "
            "that was built with modules, of a version that was tried (7.2, 10.0, 11.1)");
}

TEST_F(QemuVersionsTest, ThatDoNotTellTheirAcceleratorAreRefused) {
  boot({12, 0, 0}, kLackedBy111);
  ASSERT_TRUE(api);
  EXPECT_TRUE(api->check_accelerator());
  qemu.tcg = false;
  const auto checked = api->check_accelerator();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message(),
            "QEMU 12.0.0 runs the VM under neither KVM nor TCG, as far as vmhost can tell; start it with "
            "'-accel kvm' or '-accel tcg'");
  qemu.kvm = true;
  EXPECT_TRUE(api->check_accelerator());
}

TEST_F(QemuVersionsTest, ThatCanBeSavedAllTheSameAreRefused) {
  boot({12, 0, 0}, kLackedBy111);
  ASSERT_TRUE(api);
  qemu.takes_reasons = false;
  const auto blocked = api->block_migration("a reason");
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().message(),
            "QEMU 12.0.0 takes a reason not to save a VM in a way vmhost does not know");
}

TEST_F(QemuVersionsTest, HaveMemoryRegionsAsLongAsTheirOwn) {
  for (const std::size_t bytes : {std::size_t{272}, std::size_t{304}, std::size_t{1024}}) {
    boot({12, 0, 0}, kLackedBy111);
    ASSERT_TRUE(api);
    qemu.region_bytes = bytes;
    const auto region = new_memory_region(*api);
    ASSERT_TRUE(region) << region.error().message();
    EXPECT_GE(object_bytes(*region), bytes);
    std::free(*region);
  }
  qemu.region_bytes = 8192;
  const auto region = new_memory_region(*api);
  ASSERT_FALSE(region);
  EXPECT_THAT(region.error().message(), ::testing::StartsWith("QEMU 12.0.0 makes memory regions of 8"));
}

// The part of QEMU that loads plugins, which accepts the versions from min to max of its interface.
struct FakeLoader {
  int min = 0;
  int max = 1;
  std::string says = "only up to version ";  // and then max, unless negative
  Names lacks;
  int* declared = nullptr;
  std::string option;
  std::string error;
};
FakeLoader* g_loader = nullptr;

// The head of a list as QEMU has it.
struct ListHead {
  void* first;
  ListHead* last;
};
void parse(const char* option, ListHead* list) {
  EXPECT_EQ(list->first, nullptr);
  EXPECT_EQ(list->last, list);
  g_loader->option = option;
  list->first = &g_loader->option;
}
int load(ListHead* list, QemuError** error) {
  EXPECT_EQ(list->first, &g_loader->option);
  if (*g_loader->declared <= g_loader->max) return 0;
  g_loader->error = g_loader->says + (g_loader->max < 0 ? "" : std::to_string(g_loader->max));
  *error = reinterpret_cast<QemuError*>(&g_loader->error);
  return 1;
}
const char* text_of(const QemuError*) {
  return g_loader->error.c_str();
}
void* lookup_loader(const char* name) {
  if (g_loader->lacks.contains(name)) return nullptr;
  const std::string_view wanted(name);
  if (wanted == "qemu_plugin_opt_parse") return reinterpret_cast<void*>(&parse);
  if (wanted == "qemu_plugin_load_list") return reinterpret_cast<void*>(&load);
  if (wanted == "error_get_pretty") return reinterpret_cast<void*>(&text_of);
  return nullptr;
}

struct PluginInterface : ::testing::Test {
  int ask(const std::string& file = "/usr/lib/qvm/libqvm-vmhost.so") {
    g_loader = &loader;
    loader.declared = &declared;
    return plugin_interface_version(&lookup_loader, file, declared);
  }
  FakeLoader loader;
  int declared = 0;
};

TEST_F(PluginInterface, IsWhatEachVersionAccepts) {
  struct Range {
    int min;
    int max;
  };
  // 7.2 and 8.x, 9.0, 10.0, 11.1, and one that nobody knows.
  for (const Range range : {Range{0, 1}, Range{2, 2}, Range{2, 4}, Range{7, 7}, Range{9, 123}}) {
    loader.min = range.min;
    loader.max = range.max;
    const int version = ask();
    EXPECT_GE(version, range.min);
    EXPECT_LE(version, range.max);
    EXPECT_EQ(declared, 0);
  }
  EXPECT_EQ(loader.option, "file=/usr/lib/qvm/libqvm-vmhost.so");
}

TEST_F(PluginInterface, IsAskedForWithAnyPath) {
  EXPECT_EQ(ask("/home/a, b/c,,d/libqvm-vmhost.so"), 1);
  EXPECT_EQ(loader.option, "file=/home/a,, b/c,,,,d/libqvm-vmhost.so");
}

TEST_F(PluginInterface, OfAQemuThatCannotBeAskedIsTheNewestKnown) {
  for (const char* name : {"qemu_plugin_opt_parse", "qemu_plugin_load_list", "error_get_pretty"}) {
    loader.lacks = {name};
    EXPECT_EQ(ask(), 7) << name;
  }
}

TEST_F(PluginInterface, OfAQemuThatAnswersOtherwiseIsTheNewestKnown) {
  loader.max = kNoInterfaceVersion;  // takes every version
  EXPECT_EQ(ask(), 7);
  EXPECT_EQ(declared, 0);
  loader.max = 12;
  loader.says = "up to version v";
  EXPECT_EQ(ask(), 12);
  loader.max = -1;
  loader.says = "none";
  EXPECT_EQ(ask(), 7);
}

}  // namespace
}  // namespace qvm::vmhost::qemu_versions_test
