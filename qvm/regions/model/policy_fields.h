// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The members of policies and regions: in plans, the control protocol and records as JSON, in the journal and
// on the admin socket as bytes without keys, where their order counts.
#pragma once

#include "qvm/base/fields.h"
#include "qvm/regions/model/policy.h"

namespace qvm {

template <>
inline constexpr auto kWords<regions::HugePages> =
    Names<regions::HugePages, 3>{{{regions::HugePages::none, "none"},
                                  {regions::HugePages::advise, "advise"},
                                  {regions::HugePages::require, "require"}}};

template <>
inline constexpr auto kFields<regions::NameRule> =
    std::tuple{Field{"allow", &regions::NameRule::allow}, Field{"pattern", &regions::NameRule::pattern},
               Field{"place", &regions::NameRule::place}};

template <>
inline constexpr auto kFields<regions::Substitution> =
    std::tuple{Field{"match", &regions::Substitution::match}, Field{"prefix", &regions::Substitution::prefix},
               Field{"place", &regions::Substitution::place}};

template <>
inline constexpr auto kFields<regions::CreateSpec> =
    std::tuple{Field{"name", &regions::CreateSpec::name}, Field{"bytes", &regions::CreateSpec::bytes},
               Field{"mode", &regions::CreateSpec::mode}, Field{"gid", &regions::CreateSpec::gid},
               Field{"place", &regions::CreateSpec::place}};

template <>
inline constexpr auto kFields<regions::VdevPolicy> =
    std::tuple{Field{"vdev", &regions::VdevPolicy::vdev},
               Field{"rules", &regions::VdevPolicy::rules},
               Field{"substitutions", &regions::VdevPolicy::substitutions},
               Field{"creates", &regions::VdevPolicy::creates},
               Field{"umask", &regions::VdevPolicy::umask},
               Field{"gid", &regions::VdevPolicy::gid}};

template <>
inline constexpr auto kFields<regions::SystemLimits> = std::tuple{
    Field{"system", &regions::SystemLimits::system}, Field{"bytes", &regions::SystemLimits::bytes},
    Field{"regions", &regions::SystemLimits::regions},
    Field{"connections", &regions::SystemLimits::connections}, Field{"place", &regions::SystemLimits::place}};

template <>
inline constexpr auto kFields<regions::VmPolicy> =
    std::tuple{Field{"vm", &regions::VmPolicy::vm},
               Field{"uid", &regions::VmPolicy::uid},
               Field{"gid", &regions::VmPolicy::gid},
               Field{"groups", &regions::VmPolicy::groups},
               Field{"vdevs", &regions::VmPolicy::vdevs},
               Field{"connections_per_region", &regions::VmPolicy::connections_per_region},
               Field{"connections", &regions::VmPolicy::connections},
               Field{"bytes", &regions::VmPolicy::bytes},
               Field{"regions", &regions::VmPolicy::regions},
               Field{"limits_place", &regions::VmPolicy::limits_place},
               Field{"system", &regions::VmPolicy::system}};

template <>
inline constexpr auto kFields<regions::RegionSpec> =
    std::tuple{Field{"name", &regions::RegionSpec::name},
               Field{"bytes", &regions::RegionSpec::bytes},
               Field{"mode", &regions::RegionSpec::mode},
               Field{"owner", &regions::RegionSpec::owner},
               Field{"group", &regions::RegionSpec::group},
               Field{"huge_pages", part(&regions::RegionSpec::backing, &regions::Backing::huge_pages)},
               Field{"lock", part(&regions::RegionSpec::backing, &regions::Backing::lock)},
               Field{"place", &regions::RegionSpec::place},
               Field{"limits", &regions::RegionSpec::system}};

}  // namespace qvm
