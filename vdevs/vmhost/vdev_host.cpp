// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/vdev_host.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "vdevs/vmhost/log.h"

namespace qvm::vmhost {

// A vdev's pair of functions as a TrapHandler. Each guest access also gives the lines a look: see Lines.
class VdevHost::AbiTrap : public TrapHandler {
 public:
  AbiTrap(const qvm_vdev_trap_ops& ops, void* cookie, Lines* lines)
      : x_ops(ops), x_cookie(cookie), x_lines(lines) {}
  std::uint64_t read(std::uint64_t offset, unsigned width) override {
    const std::uint64_t value = x_ops.read(x_cookie, offset, width);
    if (x_lines != nullptr) x_lines->look();
    return value;
  }
  void write(std::uint64_t offset, unsigned width, std::uint64_t value) override {
    // The callback may unmap its own control page, and this object with it.
    Lines* const lines = x_lines;
    x_ops.write(x_cookie, offset, width, value);
    if (lines != nullptr) lines->look();
  }

 private:
  const qvm_vdev_trap_ops& x_ops;
  void* const x_cookie;
  Lines* const x_lines;
};

namespace {

qvm_vdev_context* context_of(VdevHost* host) {
  return reinterpret_cast<qvm_vdev_context*>(host);
}
VdevHost& host_of(qvm_vdev_context* context) {
  return *reinterpret_cast<VdevHost*>(context);
}

}  // namespace

struct VdevServices {
  static const qvm_vdev_identity* identity(qvm_vdev_context* context) { return &host_of(context).x_identity; }

  static int trap(qvm_vdev_context* context, std::uint64_t address, std::uint64_t length,
                  const qvm_vdev_trap_ops* ops, void* cookie) {
    VdevHost& host = host_of(context);
    if (length == 0 || address % kPageBytes != 0 || length % kPageBytes != 0 || address + length < address ||
        ops == nullptr || ops->read == nullptr || ops->write == nullptr) {
      return -EINVAL;
    }
    PciFunction* const pci = host.x_place.pci;
    if (pci != nullptr && (address != 0 || length != host.x_identity.loc_length)) return -EINVAL;
    host.x_traps.push_back(std::make_unique<VdevHost::AbiTrap>(*ops, cookie, host.x_shared.lines));
    if (pci != nullptr) {
      pci->connect(*host.x_traps.back());
      return 0;
    }
    auto made =
        Trap::create(*host.x_shared.qemu, "qvm-" + host.x_config.id, address, length, *host.x_traps.back());
    if (!made) {
      host.x_trap_failure = made.error().message();
      return -EBUSY;
    }
    host.x_regions.push_back(std::move(*made));
    return 0;
  }

  static int window_map(qvm_vdev_context* context, const qvm_vdev_mapping* mapping,
                        std::uint64_t* control_address) {
    VdevHost& host = host_of(context);
    if (host.x_place.window == nullptr) return -ENODEV;
    if (mapping->control_ops == nullptr) return -EINVAL;
    auto control = std::make_unique<VdevHost::AbiTrap>(*mapping->control_ops, mapping->control_cookie,
                                                       host.x_shared.lines);
    MapRequest request;
    request.fd = mapping->fd;
    request.bytes = mapping->bytes;
    request.access = mapping->writable != 0 ? MapRequest::Access::read_write : MapRequest::Access::read_only;
    request.control = control.get();
    std::unique_ptr<VdevHost::AbiTrap> stores;
    if (mapping->data_ops != nullptr) {
      stores = std::make_unique<VdevHost::AbiTrap>(*mapping->data_ops, mapping->data_cookie, nullptr);
      request.stores = stores.get();
    }
    auto address = host.x_place.window->map(request);
    if (!address) return -address.error().code();
    host.x_mappings[*address] = {std::move(control), std::move(stores)};
    *control_address = *address;
    return 0;
  }

  static void window_unmap(qvm_vdev_context* context, std::uint64_t control_address) {
    VdevHost& host = host_of(context);
    const auto found = host.x_mappings.find(control_address);
    if (found == host.x_mappings.end()) return;
    host.x_place.window->unmap(control_address);
    host.x_mappings.erase(found);
  }

  static void line_set(qvm_vdev_context* context, int level) {
    VdevHost& host = host_of(context);
    if (host.x_line != nullptr) host.x_line->set(level != 0);
  }

  static std::int32_t line_number(qvm_vdev_context* context) {
    const VdevHost& host = host_of(context);
    if (host.x_place.pci == nullptr) return host.x_identity.interrupt_line;
    const auto line = host.x_place.pci->routed_line();
    return line ? static_cast<std::int32_t>(*line) : -1;
  }

  static int watch(qvm_vdev_context* context, int fd, qvm_vdev_callback callback, void* cookie) {
    auto watched = host_of(context).x_shared.events->watch(fd, [callback, cookie] { callback(cookie); });
    return watched ? 0 : -watched.error().code();
  }

  static void unwatch(qvm_vdev_context* context, int fd) { host_of(context).x_shared.events->unwatch(fd); }

  static std::uint64_t timer_start(qvm_vdev_context* context, std::uint64_t delay_ns,
                                   qvm_vdev_callback callback, void* cookie) {
    // A century is as good as for ever, and cannot overflow the clock.
    constexpr std::uint64_t kForever = 3'000'000'000'000'000'000;
    const std::chrono::nanoseconds delay(static_cast<std::int64_t>(std::min(delay_ns, kForever)));
    return host_of(context).x_shared.events->start_timer(delay, [callback, cookie] { callback(cookie); });
  }

  static void timer_cancel(qvm_vdev_context* context, std::uint64_t timer) {
    host_of(context).x_shared.events->cancel_timer(timer);
  }

  static void log_line(qvm_vdev_context* context, int level, const char* text) {
    const int bounded = std::clamp<int>(level, QVM_VDEV_LOG_ERROR, QVM_VDEV_LOG_DEBUG);
    log(static_cast<LogLevel>(bounded), host_of(context).x_config.title() + ": " + text);
  }

  [[noreturn]] static void fail(qvm_vdev_context* context, const char* text) {
    log(LogLevel::error, host_of(context).x_config.title() + ": " + text);
    // Not exit(): QEMU's handlers would wait for what this thread holds.
    ::_exit(1);
  }

  // The occurrence-th use of an option, or null.
  static const OptionUse* use_of(qvm_vdev_context* context, const char* option, std::size_t occurrence) {
    for (const OptionUse& use : host_of(context).x_config.options) {
      if (use.name == option && occurrence-- == 0) return &use;
    }
    return nullptr;
  }

  static std::size_t option_count(qvm_vdev_context* context, const char* option) {
    const auto& options = host_of(context).x_config.options;
    return static_cast<std::size_t>(std::count_if(
        options.begin(), options.end(), [option](const OptionUse& use) { return use.name == option; }));
  }

  static std::size_t option_arguments(qvm_vdev_context* context, const char* option, std::size_t occurrence) {
    const OptionUse* use = use_of(context, option, occurrence);
    return use == nullptr ? 0 : use->args.size();
  }

  // Null if there is none.
  static const OptionArgument* argument_of(qvm_vdev_context* context, const char* option,
                                           std::size_t occurrence, std::size_t argument) {
    const OptionUse* use = use_of(context, option, occurrence);
    return use == nullptr || argument >= use->args.size() ? nullptr : &use->args[argument];
  }

  static const char* option_string(qvm_vdev_context* context, const char* option, std::size_t occurrence,
                                   std::size_t argument) {
    const OptionArgument* given = argument_of(context, option, occurrence, argument);
    return given == nullptr ? nullptr : given->text.c_str();
  }

  static int option_value(qvm_vdev_context* context, const char* option, std::size_t occurrence,
                          std::size_t argument, qvm_vdev_value* value) {
    const OptionArgument* given = argument_of(context, option, occurrence, argument);
    if (given == nullptr) return -ENOENT;
    *value = {.kind = QVM_VDEV_VALUE_TEXT,
              .reserved = 0,
              .number = 0,
              .text = given->text.c_str(),
              .place = given->place.c_str()};
    if (const auto* number = std::get_if<std::uint64_t>(&given->value)) {
      value->kind = QVM_VDEV_VALUE_NUMBER;
      value->number = *number;
    } else if (const bool* on = std::get_if<bool>(&given->value)) {
      value->kind = QVM_VDEV_VALUE_SWITCH;
      value->number = *on ? 1 : 0;
    }
    return 0;
  }

  static int option_u64(qvm_vdev_context* context, const char* option, std::size_t occurrence,
                        std::size_t argument, std::uint64_t* value) {
    const OptionArgument* given = argument_of(context, option, occurrence, argument);
    if (given == nullptr) return -ENOENT;
    if (const auto* number = std::get_if<std::uint64_t>(&given->value)) {
      *value = *number;
      return 0;
    }
    switch (parse_number(given->text, *value)) {
      case NumberError::none:
        return 0;
      case NumberError::not_a_number:
        return -EINVAL;
      case NumberError::too_big:
        return -ERANGE;
    }
    return -EINVAL;
  }

  static const qvm_vdev_host& table_for(const qvm_vdev_descriptor& descriptor) {
    return descriptor.abi_version == QVM_VDEV_ABI_VERSION ? kTable : kTable4;
  }

 private:
  static constexpr qvm_vdev_host table(std::uint32_t abi_version, std::size_t size);
  static const qvm_vdev_host kTable;
  static const qvm_vdev_host kTable4;
};

constexpr qvm_vdev_host VdevServices::table(std::uint32_t abi_version, std::size_t size) {
  return {
      .abi_version = abi_version,
      .struct_size = static_cast<std::uint32_t>(size),
      .identity = &VdevServices::identity,
      .trap = &VdevServices::trap,
      .window_map = &VdevServices::window_map,
      .window_unmap = &VdevServices::window_unmap,
      .line_set = &VdevServices::line_set,
      .line_number = &VdevServices::line_number,
      .watch = &VdevServices::watch,
      .unwatch = &VdevServices::unwatch,
      .timer_start = &VdevServices::timer_start,
      .timer_cancel = &VdevServices::timer_cancel,
      .log = &VdevServices::log_line,
      .option_count = &VdevServices::option_count,
      .option_arguments = &VdevServices::option_arguments,
      .option_string = &VdevServices::option_string,
      .option_u64 = &VdevServices::option_u64,
      .fail = &VdevServices::fail,
      .option_value = &VdevServices::option_value,
  };
}

const qvm_vdev_host VdevServices::kTable = table(QVM_VDEV_ABI_VERSION, sizeof(qvm_vdev_host));
// What version 5 has more is behind the end of these.
const qvm_vdev_host VdevServices::kTable4 = table(4, offsetof(qvm_vdev_host, option_value));

VdevHost::VdevHost(const std::string& vm, const VdevConfig& config, const qvm_vdev_descriptor& descriptor)
    : x_config(config), x_descriptor(descriptor) {
  x_identity.vm = vm.c_str();
  x_identity.id = config.id.c_str();
  x_identity.type = config.type.c_str();
  x_identity.name = config.name.c_str();
  x_identity.place = config.place.c_str();
  if (config.loc) {
    x_identity.loc_address = config.loc->range.address;
    x_identity.loc_length = config.loc->range.length;
  }
  if (config.pci) x_identity.loc_length = config.pci->length;
  x_identity.interrupt_controller = config.interrupt ? config.interrupt->controller.c_str() : "";
  x_identity.interrupt_line = config.interrupt ? static_cast<std::int32_t>(config.interrupt->line) : -1;
  if (config.window) {
    x_identity.window_address = config.window->address;
    x_identity.window_length = config.window->length;
  }
  x_identity.region_socket = config.region_socket.c_str();
}

VdevHost::~VdevHost() {
  end();
}

std::string VdevHost::reason(std::array<char, kErrorBytes>& error, const char* without) const {
  error.back() = '\0';
  std::string text = error.front() != '\0' ? error.data() : without;
  // The vdev saw an errno value only.
  if (!x_trap_failure.empty()) text += ": " + x_trap_failure;
  return text;
}

Result<void> VdevHost::create(const SharedServices& shared, const VdevPlace& place) {
  x_shared = shared;
  x_place = place;
  if (place.pin && shared.lines != nullptr) x_line = shared.lines->add_source(*place.pin);
  std::array<char, kErrorBytes> error{};
  if (x_descriptor.create(&VdevServices::table_for(x_descriptor), context_of(this), &x_device, error.data(),
                          error.size()) != 0) {
    return fail(reason(error, "it could not be created and gave no reason"));
  }
  x_created = true;
  return {};
}

Result<void> VdevHost::start() {
  std::array<char, kErrorBytes> error{};
  if (x_descriptor.start(x_device, error.data(), error.size()) != 0) {
    return fail(reason(error, "it could not be started and gave no reason"));
  }
  return {};
}

void VdevHost::reset() {
  x_descriptor.reset(x_device);
}

void VdevHost::end() {
  if (!x_created) return;
  x_created = false;
  x_descriptor.stop(x_device);
  x_descriptor.destroy(x_device);
}

}  // namespace qvm::vmhost
