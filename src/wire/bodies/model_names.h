#pragma once

// ModelNames: what a client calls the models that an answer names, where it has asked for none: a
// stored answer, for example.

#include <optional>
#include <string>
#include <string_view>

namespace penstock::wire {

class ModelNames {
 public:
  // The client's name for what the upstream calls `upstream_model`; nullopt: the same.
  virtual std::optional<std::string> client_name(std::string_view upstream_model) const = 0;

 protected:
  ~ModelNames() = default;
};

}  // namespace penstock::wire
