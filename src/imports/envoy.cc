#include "imports/envoy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/key_name.h"
#include "core/text.h"
#include "imports/foreign.h"

namespace penstock::imports {
namespace {

using config::Node;

constexpr std::string_view kModelHeader = "x-ai-eg-model";

// The value at `path`, whose keys are separated by dots; null if there is none.
const Node* at(const Node& node, std::string_view path) {
  const Node* found = &node;
  while (found != nullptr && !path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    found = found->find(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return found;
}

std::string text_at(const Node& node, std::string_view path) {
  const Node* found = at(node, path);
  return found != nullptr && found->kind == Node::Kind::kScalar ? found->text : std::string();
}

const std::vector<Node>& items_at(const Node& node, std::string_view path) {
  static const std::vector<Node> kNone;
  const Node* found = at(node, path);
  return found != nullptr && found->kind == Node::Kind::kList ? found->children : kNone;
}

// What the schema of an AIServiceBackend means here.
struct Schema {
  std::string_view name;
  std::string_view type;
  std::string_view path;  // below the host
};
constexpr std::array kSchemas = {
    Schema{"OpenAI", "remote::passthrough", "/v1"},
    Schema{"Anthropic", "remote::anthropic", "/v1"},
    Schema{"AzureOpenAI", "remote::azure", "/openai/v1"},
};

class EnvoyImport {
 public:
  EnvoyImport(const std::vector<Node>& resources, ConfigDraft& draft, config::Problems& problems)
      : draft_(draft), problems_(problems) {
    for (const Node& resource : resources) sort_in(resource);
  }

  void run() {
    for (const Node* route : routes_) {
      for (const Node& rule : items_at(*route, "spec.rules")) read_rule(*route, rule);
    }
  }

 private:
  using ByName = std::map<std::string, const Node*, std::less<>>;

  void sort_in(const Node& resource) {
    const std::string kind = text_at(resource, "kind");
    const std::string name = text_at(resource, "metadata.name");
    if (kind == "AIGatewayRoute" || kind == "AIRoute") {
      routes_.push_back(&resource);
    } else if (kind == "AIServiceBackend" || kind == "AIBackend") {
      services_.emplace(name, &resource);
    } else if (kind == "Backend") {
      hosts_.emplace(name, &resource);
    } else if (kind == "BackendSecurityPolicy") {
      policies_.emplace(name, &resource);
    } else if (kind == "BackendTrafficPolicy") {
      traffic_.push_back(&resource);
    } else if (kind == "BackendTLSPolicy") {
      for (const Node& target : items_at(resource, "spec.targetRefs")) {
        encrypted_.insert(text_at(target, "name"));
      }
    } else if (!is_silent(kind)) {
      remark_resource(resource, kind, name);
    }
  }

  void remark_resource(const Node& resource, const std::string& kind, const std::string& name) {
    if (kind.empty()) {
      return remark(problems_, resource, "not carried over: a resource of Kubernetes has a `kind`");
    }
    remark(problems_, *resource.find("kind"),
           name.empty() ? fmt::format("not carried over: {}", config::shown_key(kind))
                        : fmt::format("not carried over: {} {}", config::shown_key(kind),
                                      config::shown_key(name)));
  }

  // What only says how Envoy itself runs. Secrets are asked for where they are used.
  static bool is_silent(std::string_view kind) {
    constexpr std::array<std::string_view, 9> kKinds = {
        "Gateway",    "GatewayClass", "EnvoyProxy", "GatewayConfig", "ClientTrafficPolicy",
        "Deployment", "Service",      "Secret",     "Namespace"};
    return std::ranges::count(kKinds, kind) > 0;
  }

  void read_rule(const Node& route, const Node& rule) {
    const std::vector<std::string> models = models_of(rule);
    if (models.empty()) {
      return remark(
          problems_, rule,
          fmt::format("not carried over: no match of {} with an exact name", kModelHeader));
    }
    std::vector<TargetDraft> targets;
    for (const Node& reference : items_at(rule, "backendRefs")) {
      if (auto target = target_of(reference)) targets.push_back(std::move(*target));
    }
    if (targets.empty()) return remark(problems_, rule, "not carried over: it has no target");
    RulesDraft rules;
    if (const Node* timeouts = at(rule, "timeouts")) read_timeouts(*timeouts, rules.timeouts);
    for (const Node* policy : traffic_) read_policy(route, *policy, rules);
    for (const std::string& model : models) {
      RouteDraft& made = draft_.route(model);
      if (!made.targets.empty()) {
        remark(problems_, rule,
               fmt::format("not carried over for {}: an earlier rule counts",
                           config::shown_key(model)));
        continue;
      }
      made.targets = targets;
      made.rules = rules;
    }
    Section section(rule, problems_);
    for (const std::string_view key : {"matches", "backendRefs", "timeouts", "name"}) {
      section.pass_over(key);
    }
    section.leave();
  }

  std::vector<std::string> models_of(const Node& rule) {
    std::vector<std::string> models;
    for (const Node& match : items_at(rule, "matches")) {
      for (const Node& header : items_at(match, "headers")) {
        const std::string type = text_at(header, "type");
        const bool is_exact = type.empty() || type == "Exact";
        const std::string value = text_at(header, "value");
        if (equals_ignoring_case(text_at(header, "name"), kModelHeader) && is_exact &&
            !value.empty()) {
          models.push_back(value);
        } else {
          remark(problems_, header, "not carried over: only exact names of models are");
        }
      }
    }
    return models;
  }

  std::optional<TargetDraft> target_of(const Node& reference) {
    Section section(reference, problems_);
    const std::string name = section.take_text("name");
    const auto service = services_.find(name);
    if (service == services_.end()) {
      remark(problems_, reference,
             fmt::format("not carried over: the file has no AIServiceBackend {}",
                         config::shown_key(name)));
      return std::nullopt;
    }
    TargetDraft target;
    target.model = section.take_text("modelNameOverride");
    target.weight = section.take_count("weight", 1'000'000).value_or(1);
    target.priority = section.take_count("priority", 1'000).value_or(0);
    for (const std::string_view key : {"kind", "group", "namespace"}) section.pass_over(key);
    section.leave();
    auto provider = provider_of(name, *service->second);
    if (!provider) return std::nullopt;
    target.provider = draft_.provider(std::move(*provider));
    return target;
  }

  std::optional<ProviderDraft> provider_of(const std::string& name, const Node& service) {
    const std::string schema_name = text_at(service, "spec.schema.name");
    const auto* schema = std::ranges::find(kSchemas, schema_name, &Schema::name);
    if (schema == kSchemas.end()) {
      remark(problems_, service,
             fmt::format("not carried over: the AIServiceBackend {} speaks {}, which is not served",
                         config::shown_key(name), config::shown_key(schema_name)));
      return std::nullopt;
    }
    const std::string host_name = text_at(service, "spec.backendRef.name");
    const auto host = hosts_.find(host_name);
    const std::string root = host == hosts_.end() ? "" : url_of(host_name, *host->second);
    if (root.empty()) {
      remark(problems_, service,
             fmt::format("not carried over: the file has no address of the Backend {}",
                         config::shown_key(host_name)));
      return std::nullopt;
    }
    ProviderDraft provider{.id = name, .type = std::string(schema->type)};
    const std::string prefix = text_at(service, "spec.schema.prefix");
    provider.url = root + (prefix.empty() ? std::string(schema->path) : prefix);
    provider.is_path_as_is =
        schema->type == "remote::passthrough" && !provider.url.ends_with("/v1");
    set_key(name, service, provider);
    return provider;
  }

  std::string url_of(std::string_view name, const Node& host) const {
    for (const Node& endpoint : items_at(host, "spec.endpoints")) {
      std::string address = text_at(endpoint, "fqdn.hostname");
      std::string port = text_at(endpoint, "fqdn.port");
      if (address.empty()) {
        address = text_at(endpoint, "ip.address");
        port = text_at(endpoint, "ip.port");
        if (address.find(':') != std::string::npos) address = "[" + address + "]";
      }
      if (address.empty()) continue;
      const bool is_encrypted = encrypted_.contains(name) || port == "443";
      const bool is_usual = port.empty() || port == (is_encrypted ? "443" : "80");
      return fmt::format("{}://{}{}", is_encrypted ? "https" : "http", address,
                         is_usual ? "" : ":" + port);
    }
    return {};
  }

  // Policies name what they are for, or are named by it.
  void set_key(const std::string& name, const Node& service, ProviderDraft& provider) {
    const std::string named = text_at(service, "spec.backendSecurityPolicyRef.name");
    for (const auto& [policy_name, policy] : policies_) {
      const bool is_meant =
          policy_name == named ||
          std::ranges::any_of(items_at(*policy, "spec.targetRefs"),
                              [&](const Node& target) { return text_at(target, "name") == name; });
      if (!is_meant) continue;
      for (const std::string_view kind : {"apiKey", "azureAPIKey", "anthropicAPIKey"}) {
        const std::string secret =
            text_at(*policy, std::string("spec.") + std::string(kind) + ".secretRef.name");
        if (secret.empty()) continue;
        const std::string variable = variable_name(secret);
        provider.key = reference_to(variable);
        return remark(problems_, *policy,
                      fmt::format("the key is in the Secret {}: set the variable {}",
                                  config::shown_key(secret), variable));
      }
      remark(problems_, *policy,
             fmt::format("not carried over: credentials of type {}",
                         config::shown_key(text_at(*policy, "spec.type"))));
    }
  }

  void read_timeouts(const Node& node, config::RouteTimeouts& timeouts) {
    Section section(node, problems_);
    timeouts.request = section.take_duration("request");
    timeouts.between_bytes = section.take_duration("streamIdleTimeout");
    timeouts.first_byte = section.take_duration("backendRequest");
    for (auto* limit : {&timeouts.between_bytes, &timeouts.first_byte}) {
      if (*limit == milliseconds(0)) limit->reset();
    }
    section.leave();
  }

  // Of the HTTPRoute that is made of the AIGatewayRoute, and has its name.
  void read_policy(const Node& route, const Node& policy, RulesDraft& rules) {
    const std::string name = text_at(route, "metadata.name");
    const bool is_meant =
        std::ranges::any_of(items_at(policy, "spec.targetRefs"),
                            [&](const Node& target) { return text_at(target, "name") == name; });
    const Node* spec = policy.find("spec");
    if (!is_meant || spec == nullptr) return;
    Section section(*spec, problems_);
    section.pass_over("targetRefs");
    if (const Node* retry = section.take("retry")) read_retry(*retry, rules);
    if (const Node* passive = at(*spec, "healthCheck.passive")) {
      section.pass_over("healthCheck");
      read_ejection(*passive, rules);
    }
    section.leave();
  }

  void read_retry(const Node& retry, RulesDraft& rules) {
    Section section(retry, problems_);
    if (const auto count = section.take_count("numRetries", 99)) rules.attempts = *count + 1;
    section.pass_over("numAttemptsPerPriority");  // each attempt asks another target in any case
    if (const Node* each = section.take("perRetry")) {
      Section inner(*each, problems_);
      if (const Node* backoff = inner.take("backOff")) {
        Section times(*backoff, problems_);
        rules.backoff_initial = times.take_duration("baseInterval");
        rules.backoff_max = times.take_duration("maxInterval");
        times.leave();
      }
      const auto timeout = inner.take_duration("timeout");
      if (timeout && *timeout > milliseconds(0)) rules.timeouts.first_byte = timeout;
      inner.leave();
    }
    if (const Node* on = section.take("retryOn")) {
      Section inner(*on, problems_);
      inner.pass_over("triggers");  // failures to connect are always tried elsewhere
      for (const Node& status : inner.take_list("httpStatusCodes")) {
        const auto number = parse_decimal(status.text);
        if (number && *number >= 400 && *number <= 599) {
          rules.on_statuses.push_back(static_cast<int>(*number));
        } else {
          remark(problems_, status, "not carried over: expected a status from 400 to 599");
        }
      }
      inner.leave();
    }
    section.leave();
  }

  void read_ejection(const Node& passive, RulesDraft& rules) {
    Section section(passive, problems_);
    const auto failures = section.take_count("consecutive5XxErrors", 1'000'000);
    if (failures && *failures > 0) rules.breaker_failures = failures;
    const auto time = section.take_duration("baseEjectionTime");
    if (time && *time > milliseconds(0)) rules.breaker_open_for = time;
    section.leave();
  }

  ConfigDraft& draft_;
  config::Problems& problems_;
  std::vector<const Node*> routes_;
  std::vector<const Node*> traffic_;
  ByName services_;
  ByName hosts_;
  ByName policies_;
  std::set<std::string, std::less<>> encrypted_;  // names of Backends
};

}  // namespace

void import_envoy(const std::vector<Node>& resources, ConfigDraft& draft,
                  config::Problems& problems) {
  EnvoyImport(resources, draft, problems).run();
}

}  // namespace penstock::imports
