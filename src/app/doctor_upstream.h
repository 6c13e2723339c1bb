#pragma once

// What `penstock doctor` finds out about one upstream, step by step: its host's addresses, a
// connection, its certificate, its clock, and its list of models with the operator's key.

#include <chrono>
#include <cstddef>
#include <memory>

#include "app/diagnosis.h"
#include "config/settings.h"

namespace penstock::app {

// Of each step.
inline constexpr std::chrono::milliseconds kDoctorPatience{5'000};

// On the calling thread.
Findings examine_upstream(const config::Settings& settings, std::size_t provider,
                          std::chrono::milliseconds patience = kDoctorPatience);

}  // namespace penstock::app
