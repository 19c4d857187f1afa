// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <pugixml.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "qvm/base/process_limits.h"
#include "qvm/host/domain_process.h"
#include "qvm/host/embed_root.h"
#include "qvm/host/hypervisor.h"
#include "qvm/host/libvirt_events.h"
#include "qvm/host/monitor_answer.h"
#include "qvm/host/stray_domains.h"

namespace qvm::host {
namespace {

struct DomainFree {
  void operator()(virDomainPtr domain) const { virDomainFree(domain); }
};
struct ConnectionClose {
  void operator()(virConnectPtr connection) const { virConnectClose(connection); }
};
using DomainHandle = std::unique_ptr<virDomain, DomainFree>;
using ConnectionHandle = std::unique_ptr<virConnect, ConnectionClose>;

// libvirt's reason for the failure of the calling thread's last call.
std::string reason() {
  const virErrorPtr error = virGetLastError();
  if (error == nullptr || error->message == nullptr) return "libvirt gives no reason";
  return essence_of_error(error->message);
}

std::string version_text(unsigned long version) {
  return fmt::format("{}.{}.{}", version / 1000000, version / 1000 % 1000, version % 1000);
}

// libvirt cuts a message, and a long command line leaves no room for the exit status behind it.
bool is_child_without_words(const std::string& message) {
  return message.find("Child process (") != std::string::npos &&
         (message.ends_with("unexpected exit status 1") || message.find("unexpected") == std::string::npos);
}

std::string advice(const std::string& message) {
  if (message.find("Cannot check QEMU binary") != std::string::npos ||
      message.find("No emulator found") != std::string::npos) {
    return message + " (is QEMU installed? the Debian package is qemu-system-x86)";
  }
  if (message.find("satisfying virtiofsd") != std::string::npos)
    return message + " (is it installed? the Debian package is virtiofsd)";
  // QEMU goes to the background by itself, and says nothing if it cannot. libvirt then shows the command
  // line.
  if (is_child_without_words(message)) {
    return explain_limit("QEMU ended without saying why, as it does when it gets no process: " +
                         std::generic_category().message(EAGAIN));
  }
  if (message.find("virtnetworkd-sock") != std::string::npos) {
    return message +
           " (networks need libvirt's network daemon; a bridge or a user-mode network does without)";
  }
  return explain_limit(message);
}

// Empty if there is none.
std::string name_in(const std::string& domain_xml) {
  pugi::xml_document document;
  document.load_string(domain_xml.c_str());
  return document.child("domain").child_value("name");
}

DomainEvent::Stop stop_of(int detail) {
  switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
      return DomainEvent::Stop::shutdown;
    case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
      return DomainEvent::Stop::destroyed;
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
      return DomainEvent::Stop::crashed;
    case VIR_DOMAIN_EVENT_STOPPED_FAILED:
      return DomainEvent::Stop::failed;
    default:
      return DomainEvent::Stop::other;
  }
}

std::string uuid_of(virDomainPtr domain) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  return virDomainGetUUIDString(domain, text) == 0 ? text : "";
}

void send(void* sink, virDomainPtr domain, DomainEvent::Kind kind,
          DomainEvent::Stop stop = DomainEvent::Stop::other) {
  const char* name = virDomainGetName(domain);
  (*static_cast<EventSink*>(sink))(DomainEvent{
      .domain = name == nullptr ? "" : name, .uuid = uuid_of(domain), .kind = kind, .stop = stop});
}

int on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int detail, void* sink) {
  switch (event) {
    case VIR_DOMAIN_EVENT_STARTED:
      send(sink, domain, DomainEvent::Kind::started);
      break;
    case VIR_DOMAIN_EVENT_RESUMED:
      send(sink, domain, DomainEvent::Kind::resumed);
      break;
    case VIR_DOMAIN_EVENT_SUSPENDED:
      send(sink, domain, DomainEvent::Kind::paused);
      break;
    case VIR_DOMAIN_EVENT_CRASHED:
      send(sink, domain, DomainEvent::Kind::panicked);
      break;
    case VIR_DOMAIN_EVENT_SHUTDOWN:
      send(sink, domain,
           detail == VIR_DOMAIN_EVENT_SHUTDOWN_HOST ? DomainEvent::Kind::signalled
                                                    : DomainEvent::Kind::power_off);
      break;
    case VIR_DOMAIN_EVENT_STOPPED:
      send(sink, domain, DomainEvent::Kind::stopped, stop_of(detail));
      break;
    default:
      break;  // defined and the like: of no consequence to us
  }
  return 0;
}

void on_reboot(virConnectPtr, virDomainPtr domain, void* sink) {
  send(sink, domain, DomainEvent::Kind::rebooted);
}

// QEMU's own event: libvirt's does not tell a reset that ends the domain from a power-off.
void on_qemu_shutdown(virConnectPtr, virDomainPtr domain, const char*, long long, unsigned,
                      const char* details, void* sink) {
  if (details != nullptr && std::string_view(details).find("\"guest-reset\"") != std::string_view::npos)
    send(sink, domain, DomainEvent::Kind::reset);
}

void on_watchdog(virConnectPtr, virDomainPtr domain, int, void* sink) {
  send(sink, domain, DomainEvent::Kind::watchdog);
}

// A path as a parameter of a URI.
std::string in_uri(const std::string& path) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~";
  std::string text;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

class LibvirtHypervisor final : public Hypervisor {
 public:
  static Result<std::unique_ptr<Hypervisor>> open(const HypervisorOptions& options, EventSink sink);
  ~LibvirtHypervisor() override {
    for (const int callback : x_callbacks) virConnectDomainEventDeregisterAny(x_connection.get(), callback);
    if (x_qemu_callback >= 0) virConnectDomainQemuMonitorEventDeregister(x_connection.get(), x_qemu_callback);
  }

  Result<DomainInfo> start(const std::string& domain_xml, Begin begin,
                           const std::vector<PassedFile>& files) override {
    const unsigned flags = begin == Begin::paused ? VIR_DOMAIN_START_PAUSED : VIR_DOMAIN_NONE;
    const DomainHandle domain = QVM_TRY(create(domain_xml, flags, files));
    const DomainInfo info = describe(domain.get());
    if (!x_embed_root.empty() && ::geteuid() == 0 && begin == Begin::paused) {
      const auto id = static_cast<int>(virDomainGetID(domain.get()));
      if (auto closed = close_domain_directories(x_embed_root, id, info.name); !closed) {
        virDomainDestroy(domain.get());
        return tl::unexpected(std::move(closed.error()));
      }
    }
    return info;
  }

  Result<void> resume(const std::string& name) override {
    const DomainHandle domain(virDomainLookupByName(x_connection.get(), name.c_str()));
    if (!domain) return absent_is_fine();
    if (virDomainResume(domain.get()) == 0) return {};
    std::string why = reason();
    // A guest may be done before libvirt has made sure that it runs.
    int state = 0;
    if (virDomainIsActive(domain.get()) != 1) return {};
    if (virDomainGetState(domain.get(), &state, nullptr, 0) == 0 && state == VIR_DOMAIN_RUNNING) return {};
    return fail(std::move(why));
  }

  Standstill standstill(const std::string& name) override {
    const DomainHandle domain(virDomainLookupByName(x_connection.get(), name.c_str()));
    int state = 0;
    int why = 0;
    if (!domain || virDomainGetState(domain.get(), &state, &why, 0) != 0) return Standstill::none;
    if (state == VIR_DOMAIN_CRASHED) return Standstill::panicked;
    if (state != VIR_DOMAIN_PAUSED) return Standstill::none;
    switch (why) {
      case VIR_DOMAIN_PAUSED_UNKNOWN:
      case VIR_DOMAIN_PAUSED_IOERROR:
        return Standstill::stuck;
      case VIR_DOMAIN_PAUSED_WATCHDOG:
        return Standstill::watchdog;
      case VIR_DOMAIN_PAUSED_CRASHED:
        return Standstill::panicked;
      default:
        return Standstill::none;
    }
  }

  Result<void> destroy(const std::string& name) override {
    const DomainHandle domain(virDomainLookupByName(x_connection.get(), name.c_str()));
    if (!domain) return absent_is_fine();
    if (!x_embed_root.empty()) continue_domain_process(x_embed_root, name);
    if (virDomainDestroy(domain.get()) != 0) {
      // It may have ended by itself in between.
      const virErrorPtr error = virGetLastError();
      if (error != nullptr && error->code == VIR_ERR_OPERATION_INVALID) return {};
      return absent_is_fine();
    }
    return {};
  }

  Result<void> command(const std::string& name, const std::string& json, int descriptor) override {
    const DomainHandle domain(virDomainLookupByName(x_connection.get(), name.c_str()));
    if (!domain) return fail(reason());
    char* answer = nullptr;
    const int done = virDomainQemuMonitorCommandWithFiles(domain.get(), json.c_str(), descriptor < 0 ? 0 : 1,
                                                          &descriptor, nullptr, nullptr, &answer,
                                                          VIR_DOMAIN_QEMU_MONITOR_COMMAND_DEFAULT);
    const std::unique_ptr<char, decltype(&::free)> owned(answer, &::free);
    if (done != 0) return fail(reason());
    return read_monitor_answer(answer == nullptr ? "" : answer);
  }

  Result<void> shutdown(const std::string& name) override {
    const DomainHandle domain(virDomainLookupByName(x_connection.get(), name.c_str()));
    if (!domain) return absent_is_fine();
    if (virDomainShutdown(domain.get()) != 0) return fail(reason());
    return {};
  }

  Result<std::vector<DomainInfo>> list() override {
    virDomainPtr* domains = nullptr;
    const int count = virConnectListAllDomains(x_connection.get(), &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (count < 0) return fail(reason());
    std::vector<DomainInfo> found;
    for (int i = 0; i < count; ++i) {
      const DomainHandle domain(domains[i]);
      found.push_back(describe(domain.get()));
    }
    ::free(domains);
    return found;
  }

  LastWords last_words(const std::string& domain) override {
    if (x_embed_root.empty()) return {};
    // The process may have written as much as it liked: the end has to do.
    constexpr std::streamoff kEnd = 256 * 1024;
    std::ifstream file(process_log(x_embed_root, domain), std::ios::binary | std::ios::ate);
    const std::streamoff size = file ? std::streamoff(file.tellg()) : 0;
    file.seekg(std::max<std::streamoff>(0, size - kEnd));
    std::string text(static_cast<std::size_t>(std::min(size, kEnd)), '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
    // The log is appended to: only the last run counts.
    const auto run = text.rfind("starting up libvirt");
    return essence_of_output(std::string_view(text).substr(run == std::string::npos ? 0 : run));
  }

 private:
  Result<DomainHandle> create(const std::string& domain_xml, unsigned flags,
                              const std::vector<PassedFile>& files) {
    DomainHandle domain;
    if (files.empty()) {
      domain.reset(virDomainCreateXML(x_connection.get(), domain_xml.c_str(), flags));
      if (!domain) return fail(why_not_created(domain_xml));
      return domain;
    }
    // libvirt takes descriptors for a domain that it knows. So this one is defined for the time of its start,
    // and transient after it.
    forget_definition(domain_xml);
    domain.reset(virDomainDefineXMLFlags(x_connection.get(), domain_xml.c_str(), 0));
    if (!domain) return fail(why_not_created(domain_xml));
    bool started = true;
    for (const PassedFile& file : files) {
      int fd = file.fd.get();
      started = started && virDomainFDAssociate(domain.get(), file.group.c_str(), 1, &fd, 0) == 0;
    }
    started = started && virDomainCreateWithFlags(domain.get(), flags) == 0;
    std::string why = started ? std::string() : why_not_created(domain_xml);
    virDomainUndefine(domain.get());
    if (!started) return fail(std::move(why));
    return domain;
  }

  // Of a process that was killed between definition and start.
  void forget_definition(const std::string& domain_xml) {
    const std::string name = name_in(domain_xml);
    const DomainHandle left(virDomainLookupByName(x_connection.get(), name.c_str()));
    if (left && virDomainIsActive(left.get()) == 0) virDomainUndefine(left.get());
  }

  // What a child of libvirt's could not tell libvirt, it may have written to the domain's log.
  std::string why_not_created(const std::string& domain_xml) {
    const std::string message = reason();
    const bool silent = is_child_without_words(message);
    const std::string written = silent ? last_words(name_in(domain_xml)).text : std::string();
    return written.empty() ? advice(message) : explain_limit(written);
  }

  LibvirtHypervisor(std::shared_ptr<LibvirtEvents> events, ConnectionHandle connection,
                    std::string embed_root)
      : x_events(std::move(events)),
        x_connection(std::move(connection)),
        x_embed_root(std::move(embed_root)) {}

  static Result<void> absent_is_fine() {
    const virErrorPtr error = virGetLastError();
    if (error != nullptr && error->code == VIR_ERR_NO_DOMAIN) return {};
    return fail(reason());
  }

  DomainInfo describe(virDomainPtr domain) const {
    const char* name = virDomainGetName(domain);
    DomainInfo info{.name = name == nullptr ? "" : name, .uuid = uuid_of(domain), .pid = 0};
    if (!x_embed_root.empty()) info.pid = noted_pid(x_embed_root, info.name);
    return info;
  }

  template <class Callback>
  Result<void> subscribe(int event, Callback callback, const EventSink& sink) {
    auto copy = std::make_unique<EventSink>(sink);
    const int id = virConnectDomainEventRegisterAny(
        x_connection.get(), nullptr, event, VIR_DOMAIN_EVENT_CALLBACK(callback), copy.get(), delete_sink);
    if (id < 0) return fail(reason());
    static_cast<void>(copy.release());  // libvirt's from now on
    x_callbacks.push_back(id);
    return {};
  }

  // Not every driver has QEMU's events.
  void subscribe_qemu(const EventSink& sink) {
    auto copy = std::make_unique<EventSink>(sink);
    x_qemu_callback = virConnectDomainQemuMonitorEventRegister(x_connection.get(), nullptr, "SHUTDOWN",
                                                               on_qemu_shutdown, copy.get(), delete_sink, 0);
    if (x_qemu_callback >= 0) static_cast<void>(copy.release());
  }

  static void delete_sink(void* copy) { delete static_cast<EventSink*>(copy); }

  std::shared_ptr<LibvirtEvents> x_events;  // outlives the connection
  ConnectionHandle x_connection;
  std::string x_embed_root;  // empty: not embedded
  std::vector<int> x_callbacks;
  int x_qemu_callback = -1;
};

Result<std::unique_ptr<Hypervisor>> LibvirtHypervisor::open(const HypervisorOptions& options,
                                                            EventSink sink) {
  auto events = QVM_TRY(LibvirtEvents::acquire());
  const bool embedded = options.uri.empty();
  if (embedded) {
    QVM_TRY(prepare_embed_root(options));
    forget_dead_domains(options.embed_root);
    QVM_TRY(check_takeover(options.embed_root));
  }
  const std::string uri = embedded ? "qemu:///embed?root=" + in_uri(options.embed_root) : options.uri;
  ConnectionHandle connection(virConnectOpen(uri.c_str()));
  if (!connection) {
    std::string message = fmt::format("libvirt refuses '{}': {}", uri, reason());
    if (embedded)
      message += " (is its QEMU driver installed? the Debian package is libvirt-daemon-driver-qemu)";
    return fail(std::move(message));
  }
  auto made = std::unique_ptr<LibvirtHypervisor>(new LibvirtHypervisor(
      std::move(events), std::move(connection), embedded ? options.embed_root : std::string()));
  if (auto ok = made->subscribe(VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_lifecycle, sink); !ok) {
    return fail_from(std::move(ok), "libvirt's events");
  }
  // The test driver has no guests that reset or bite: it may refuse these.
  (void)made->subscribe(VIR_DOMAIN_EVENT_ID_REBOOT, on_reboot, sink);
  (void)made->subscribe(VIR_DOMAIN_EVENT_ID_WATCHDOG, on_watchdog, sink);
  made->subscribe_qemu(sink);
  return made;
}

}  // namespace

Result<std::unique_ptr<Hypervisor>> open_libvirt(const HypervisorOptions& options, EventSink sink) {
  return LibvirtHypervisor::open(options, std::move(sink));
}

std::string libvirt_version() {
  unsigned long version = 0;
  if (virGetVersion(&version, nullptr, nullptr) != 0) return "unknown";
  return version_text(version);
}

std::string compiled_libvirt_version() {
  return version_text(LIBVIR_VERSION_NUMBER);
}

}  // namespace qvm::host
