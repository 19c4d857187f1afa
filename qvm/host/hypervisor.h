// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the supervisor needs of a hypervisor. Implemented over libvirt in this folder, by fakes in tests.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::host {

// Something that happened to a domain, told in the order the hypervisor saw it.
struct DomainEvent {
  enum class Kind {
    started,
    resumed,    // the guest runs, for the first time or again
    rebooted,   // the guest reset itself and runs on
    paused,     // see standstill() for why
    watchdog,   // the guest's watchdog bit
    panicked,   // the guest reported a panic
    power_off,  // the guest powered off; the domain goes
    signalled,  // somebody told its process to end, which it does in order; the domain goes
    reset,      // the guest reset itself, which ends the domain: before power_off and stopped
    stopped,    // the domain is gone
  };
  enum class Stop {
    shutdown,   // the guest powered off, or reset where a reset ends the domain; or after `signalled`
    destroyed,  // somebody called destroy()
    crashed,    // the guest panicked and the domain was ended for it
    failed,     // its process died
    other,
  };
  std::string domain{};
  std::string uuid{};  // of this domain, which another one of that name does not have
  Kind kind = Kind::started;
  Stop stop = Stop::other;  // only for stopped
};

// What a domain's process said before it died, reduced to what a user can act on.
struct LastWords {
  std::string text{};    // one line; empty if it said nothing of use
  bool from_us = false;  // one of our devices or their host said it, not QEMU
  // libvirt ended it as it does when the guest has powered off. Says something only of an end of whose event
  // nobody heard, and that nobody asked for.
  bool powered_off = false;
};

struct DomainInfo {
  std::string name{};
  std::string uuid{};
  pid_t pid = 0;  // of its process; 0 if the hypervisor does not tell
};

// A descriptor for a domain's process, which may not open the file itself: its <source fdgroup=GROUP/> is
// this one.
struct PassedFile {
  std::string group{};
  UniqueFd fd{};
};

// What keeps a guest from going on while its process is there.
enum class Standstill {
  none,      // it runs, or somebody has paused it
  stuck,     // the hypervisor cannot go on with it
  watchdog,  // its watchdog bit
  panicked,  // it reported a panic
};

// All members may be called from several threads at once; every one may block for seconds.
class Hypervisor {
 public:
  virtual ~Hypervisor() = default;

  // Starts a transient domain; with Begin::paused its process is there and complete, but the guest does not
  // run. Fails with the hypervisor's reason as one sentence; then nothing of the domain is left.
  enum class Begin { running, paused };
  virtual Result<DomainInfo> start(const std::string& domain_xml, Begin begin,
                                   const std::vector<PassedFile>& files) = 0;
  Result<DomainInfo> start(const std::string& domain_xml, Begin begin = Begin::running) {
    return start(domain_xml, begin, {});
  }
  // Lets a paused guest run. Succeeds if it runs already, if it has ended by the time this returns, or if
  // there is no such domain: the `stopped` event tells.
  virtual Result<void> resume(const std::string& domain) = 0;
  // Why the domain is paused, if nobody asked for that.
  virtual Standstill standstill(const std::string& domain) = 0;
  // Ends a domain at once. Succeeds if there is none of that name. The `stopped` event follows, or came
  // before.
  virtual Result<void> destroy(const std::string& domain) = 0;
  // Has a domain's QEMU execute a command of its monitor's protocol, a JSON object; descriptor: one that it
  // gets a copy of with it, or -1. Waits for as long as QEMU does not answer. Fails with QEMU's reason, or if
  // there is no such domain.
  virtual Result<void> command(const std::string& domain, const std::string& json, int descriptor) = 0;
  // Asks the guest to power off (ACPI); returns at once.
  virtual Result<void> shutdown(const std::string& domain) = 0;
  virtual Result<std::vector<DomainInfo>> list() = 0;
  virtual LastWords last_words(const std::string& domain) = 0;
};

struct HypervisorOptions {
  // "qemu:///embed?root=DIR" is made from embed_root if uri is empty.
  std::string uri{};
  // Directory for libvirt's files; it is made and configured. Unused if uri is given.
  std::string embed_root{};
  // Where libvirt keeps what it learnt about QEMU, beyond embed_root's life; empty: in embed_root.
  std::string cache_directory{};
  // Where libvirt writes one log per domain; empty: in embed_root.
  std::string log_directory{};
};

using EventSink = std::function<void(const DomainEvent&)>;

// Connects to libvirt. sink is called on libvirt's event thread from the moment of the call until the
// returned object is gone, must not block and must not call back. For an embedded driver: one per process and
// root, and it needs an OrphanReaper to be at work. Fails with what to do if the driver is missing or the URI
// is refused.
Result<std::unique_ptr<Hypervisor>> open_libvirt(const HypervisorOptions& options, EventSink sink);

// True if libvirt has yet to ask QEMU what it can do, which takes seconds once per version of QEMU.
bool must_probe_qemu(const std::string& cache_directory);

// "9.0.0": of the library that runs, and of the one that this program was built with.
std::string libvirt_version();
std::string compiled_libvirt_version();

// From all a domain's process wrote (or libvirt's error) to the one line worth showing: our own "qvm: …"
// lines first, else QEMU's last complaint without time stamp and program name.
LastWords essence_of_output(std::string_view text);

// From libvirt's error to the part of it that a user can act on: what QEMU wrote, if libvirt quotes it.
std::string essence_of_error(const std::string& message);

}  // namespace qvm::host
