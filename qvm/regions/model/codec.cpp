// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/model/codec.h"

#include "qvm/regions/model/policy_fields.h"

namespace qvm::regions {
namespace {

// One function per type tells its fields in order; writing and reading both go through it and cannot differ.
struct Put {
  Writer& out;

  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(const T& value) const {
    if constexpr (std::is_same_v<T, bool>) {
      out.number(static_cast<std::uint8_t>(value));
    } else {
      out.number(value);
    }
  }
  template <class T>
  requires std::is_enum_v<T>
  void operator()(const T& value) const { out.number(static_cast<std::underlying_type_t<T>>(value)); }
  void operator()(const std::string& value) const { out.text(value); }
  template <class T>
  void operator()(const std::optional<T>& value) const {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }
  template <class T>
  void operator()(const std::vector<T>& values) const {
    out.number(static_cast<std::uint32_t>(values.size()));
    for (const T& value : values) (*this)(value);
  }
  template <class T, std::size_t n>
  void operator()(const std::array<T, n>& values) const {
    for (const T& value : values) (*this)(value);
  }
  template <class T>
  requires std::is_class_v<T>
  void operator()(const T& value) const;
};

struct Get {
  Reader& in;

  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(T& value) const {
    if constexpr (std::is_same_v<T, bool>) {
      const auto byte = in.number<std::uint8_t>();
      if (byte > 1) in.reject();
      value = byte == 1;
    } else {
      value = in.number<T>();
    }
  }
  void operator()(HugePages& value) const {
    const auto byte = in.number<std::uint8_t>();
    if (byte > static_cast<std::uint8_t>(HugePages::require)) in.reject();
    value = static_cast<HugePages>(byte);
  }
  void operator()(std::string& value) const { value = in.text(); }
  template <class T>
  void operator()(std::optional<T>& value) const {
    bool present = false;
    (*this)(present);
    if (present) (*this)(value.emplace());
  }
  template <class T>
  void operator()(std::vector<T>& values) const {
    const std::uint32_t count = in.count();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) (*this)(values.emplace_back());
  }
  template <class T, std::size_t n>
  void operator()(std::array<T, n>& values) const {
    for (T& value : values) (*this)(value);
  }
  template <class T>
  requires std::is_class_v<T>
  void operator()(T& value) const;
};

// V is T or const T. Policies and regions have descriptions; questions and events go nowhere else.
template <class Io, class V>
void fields(const Io& io, V& value) {
  using T = std::remove_const_t<V>;
  const auto all = [&io](auto&... members) { (io(members), ...); };
  if constexpr (Described<T>) {
    for_each_field<T>([&](const auto& field) { io(field.of(value)); });
  } else if constexpr (std::is_same_v<T, Backing>) {
    all(value.huge_pages, value.lock);
  } else if constexpr (std::is_same_v<T, ExplainRequest>) {
    all(value.vm, value.vdev, value.identity, value.name, value.pages);
  } else if constexpr (std::is_same_v<T, Identity>) {
    all(value.uid, value.gid, value.groups);
  } else if constexpr (std::is_same_v<T, Principal>) {
    all(value.vm, value.vm_name, value.label, value.identity);
  } else if constexpr (std::is_same_v<T, IdsUsed>) {
    all(value.next);
  } else if constexpr (std::is_same_v<T, VmAdded>) {
    all(value.id, value.policy);
  } else if constexpr (std::is_same_v<T, RegionCreated>) {
    all(value.id, value.name, value.pages, value.mode, value.owner, value.group, value.payer, value.system,
        value.place, value.backing, value.since, value.generation);
  } else if constexpr (std::is_same_v<T, RegionHeld> || std::is_same_v<T, RegionReleased>) {
    all(value.region, value.holder);
  } else if constexpr (std::is_same_v<T, SessionOpened>) {
    all(value.id, value.principal, value.pid, value.start_time);
  } else if constexpr (std::is_same_v<T, Attached>) {
    all(value.id, value.session, value.region, value.index, value.generation, value.writable, value.name,
        value.since);
  } else if constexpr (std::is_same_v<T, Detached>) {
    all(value.id, value.region, value.index, value.generation);
  } else {
    static_assert(std::is_same_v<T, VmRemoved> || std::is_same_v<T, RegionDestroyed> ||
                  std::is_same_v<T, SessionClosed>);
    all(value.id);
  }
}

template <class T>
requires std::is_class_v<T>
void Put::operator()(const T& value) const {
  fields(*this, value);
}

template <class T>
requires std::is_class_v<T>
void Get::operator()(T& value) const {
  fields(*this, value);
}

template <class T>
std::string encode_one(const T& value) {
  Writer out;
  Put{out}(value);
  return out.take();
}

template <class T>
std::optional<T> decode_one(std::string_view bytes) {
  Reader in(bytes);
  T value;
  Get{in}(value);
  return in.finished() ? std::optional(std::move(value)) : std::nullopt;
}

template <std::size_t index = 0>
std::optional<Event> decode_alternative(std::size_t wanted, std::string_view bytes) {
  if constexpr (index < std::variant_size_v<Event>) {
    if (wanted != index) return decode_alternative<index + 1>(wanted, bytes);
    auto value = decode_one<std::variant_alternative_t<index, Event>>(bytes);
    return value ? std::optional<Event>(std::move(*value)) : std::nullopt;
  } else {
    return std::nullopt;
  }
}

}  // namespace

std::string encode(const VmPolicy& policy) {
  return encode_one(policy);
}
std::string encode(const RegionSpec& region) {
  return encode_one(region);
}
std::string encode(const ExplainRequest& request) {
  return encode_one(request);
}

std::string encode(const Event& event) {
  Writer out;
  out.number(static_cast<std::uint8_t>(event.index()));
  std::visit([&out](const auto& one) { Put{out}(one); }, event);
  return out.take();
}

std::optional<VmPolicy> decode_policy(std::string_view bytes) {
  return decode_one<VmPolicy>(bytes);
}
std::optional<RegionSpec> decode_region(std::string_view bytes) {
  return decode_one<RegionSpec>(bytes);
}
std::optional<ExplainRequest> decode_explain_request(std::string_view bytes) {
  return decode_one<ExplainRequest>(bytes);
}

std::optional<Event> decode_event(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  return decode_alternative(static_cast<unsigned char>(bytes.front()), bytes.substr(1));
}

}  // namespace qvm::regions
