#include "config/load.h"

namespace penstock::config {

std::string_view built_in_configuration() {
  return R"(version: 2
distro_name: penstock
providers:
  inference:
    - provider_id: passthrough
      provider_type: remote::passthrough
      config:
        base_url: ${env.PASSTHROUGH_URL}
        api_key: ${env.PASSTHROUGH_API_KEY:=}
)";
}

}  // namespace penstock::config
