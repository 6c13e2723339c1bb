#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loading.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;

TEST(Mistakes, AreAllReportedAtOnceInTheOrderOfTheFile) {
  const Loaded loaded = load(R"(version: 2
providers:
  inference:
  - provider_id: main
    provider_type: remote::passthrough
    config:
      base_ulr: http://127.0.0.1:8000
      api_key: ${env.UPSTREAM_KEY}
      forward_headers:
        trace: X-Forwarded-For
server:
  port: 83210
  timeouts:
    connect: -5
)");
  EXPECT_FALSE(loaded.settings);
  EXPECT_THAT(
      texts_of(loaded),
      ElementsAre(
          "run.yaml:7:7: providers.inference[0].config.base_ulr: unknown key; did you mean "
          "`base_url`?",
          "run.yaml:8:16: providers.inference[0].config.api_key: the environment variable "
          "UPSTREAM_KEY is not set or empty; set it, or give a default as in "
          "${env.UPSTREAM_KEY:=default}",
          "run.yaml:10:16: providers.inference[0].config.forward_headers.trace: this header must "
          "not be filled from a caller's data",
          "run.yaml:12:9: server.port: expected a whole number from 0 to 65535",
          "run.yaml:14:14: server.timeouts.connect: a time cannot be negative; expected 0.001 to "
          "604800 seconds, such as 5, 0.5, 500ms or 10m"));
}

struct Mistake {
  std::string_view text;
  std::string_view problem;
};

class OneMistake : public testing::TestWithParam<Mistake> {};

TEST_P(OneMistake, IsReportedWhereItIs) {
  // Below the mapping of one provider, whose last line is line 4.
  const Loaded loaded = load(std::string(kOneProvider) + std::string(GetParam().text),
                             {{"SET", "value"}, {"SECRET", "hunter2 hunter2"}});
  EXPECT_FALSE(loaded.settings);
  EXPECT_THAT(texts_of(loaded), ElementsAre("run.yaml:" + std::string(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    OfKeys, OneMistake,
    testing::Values(
        Mistake{"servers: {}\n", "5:1: servers: unknown key; did you mean `server`?"},
        Mistake{"xyzzy: 1\n",
                "5:1: xyzzy: unknown key; the known ones are version, apis, "
                "providers, registered_resources, models, server, admin, routing, keys, "
                "organizations, teams, users, prices, store, storage, limits"},
        Mistake{"  inferense: []\n",
                "5:3: providers.inferense: unknown key; did you mean `inference`?"},
        Mistake{"    confg: {}\n",
                "5:5: providers.inference[0].confg: unknown key; did you mean `config`?"},
        Mistake{"    config: {network: {tls: {verfy: no}}}\n",
                "5:30: providers.inference[0].config.network.tls.verfy: unknown key; did you mean "
                "`verify`?"},
        Mistake{"server: {limits: {header_byte: 5}}\n",
                "5:19: server.limits.header_byte: unknown key; did you mean `header_bytes`?"},
        Mistake{"server: {port: 1, port: 2}\n", "5:19: server.port: given twice, first in line 5"},
        Mistake{"server: {api_keys: [{nam: x, key: 12345678}], port: 1}\n",
                "5:22: server.api_keys[0].nam: unknown key; did you mean `name`?"}));

INSTANTIATE_TEST_SUITE_P(
    OfProviders, OneMistake,
    testing::Values(
        Mistake{"  - provider_type: remote::passthrough\n",
                "5:5: providers.inference[1]: the key `provider_id` (text) is missing"},
        Mistake{"  - provider_id: q\n",
                "5:5: providers.inference[1]: the key `provider_type` (text) is missing"},
        Mistake{"  - {provider_id: p, provider_type: 'remote::passthrough'}\n",
                "5:19: providers.inference[1].provider_id: another provider has the same "
                "provider_id"},
        Mistake{"  - {provider_id: a/b, provider_type: 'remote::passthrough'}\n",
                "5:19: providers.inference[1].provider_id: a provider_id must be visible "
                "ASCII without spaces and slashes, since its models are named "
                "provider_id/model"},
        Mistake{"  - {provider_id: all, provider_type: 'remote::passthrough'}\n",
                "5:19: providers.inference[1].provider_id: `all` means the first provider and "
                "cannot be a provider_id"},
        Mistake{"  - p\n", "5:5: providers.inference[1]: expected a mapping, found a value"},
        Mistake{"    config: 5\n",
                "5:13: providers.inference[0].config: expected a mapping, found a value"},
        Mistake{"    config: {base_url: 'http://user:hunter2@host'}\n",
                "5:24: providers.inference[0].config.base_url: a URL must not contain a user name "
                "or a password"},
        Mistake{"    config: {base_url: host}\n",
                "5:24: providers.inference[0].config.base_url: a URL must begin with http:// or "
                "https://"},
        Mistake{"    config: {base_url: 'http://a', url: 'http://a'}\n",
                "5:36: providers.inference[0].config.url: url and base_url mean the same; give one "
                "of them"},
        Mistake{"    config: {api_key: '${env.SECRET}'}\n",
                "5:23: providers.inference[0].config.api_key: an API key must be visible ASCII "
                "without spaces"},
        Mistake{"    config: {api_key: [hunter2]}\n",
                "5:23: providers.inference[0].config.api_key: expected text, found a list"},
        Mistake{"    config: {allowed_models: llama}\n",
                "5:30: providers.inference[0].config.allowed_models: expected a list, found a "
                "value"},
        Mistake{"    config: {allowed_models: [[a]]}\n",
                "5:31: providers.inference[0].config.allowed_models[0]: expected text, found a "
                "list"},
        Mistake{"    config: {refresh_models: 2}\n",
                "5:30: providers.inference[0].config.refresh_models: expected true or false"}));

INSTANTIATE_TEST_SUITE_P(
    OfHeaders, OneMistake,
    testing::Values(
        Mistake{"    config: {forward_headers: {a: Host}}\n",
                "5:35: providers.inference[0].config.forward_headers.a: this header must not be "
                "filled from a caller's data"},
        Mistake{"    config: {forward_headers: {a: ' COOKIE '}}\n",
                "5:35: providers.inference[0].config.forward_headers.a: this header must not be "
                "filled from a caller's data"},
        Mistake{"    config: {forward_headers: {a: X-Mine}, extra_blocked_headers: [x-MINE]}\n",
                "5:35: providers.inference[0].config.forward_headers.a: this header must not be "
                "filled from a caller's data"},
        Mistake{"    config: {forward_headers: {a: X Tenant ID}}\n",
                "5:35: providers.inference[0].config.forward_headers.a: expected the name of a "
                "header"},
        Mistake{"    config: {forward_headers: {__user: X-User}}\n",
                "5:32: providers.inference[0].config.forward_headers.__user: keys that begin with "
                "__ are reserved and never forwarded"},
        Mistake{"    config: {forward_client_headers: [x-mine, X-My-Token]}\n",
                "5:47: providers.inference[0].config.forward_client_headers[1]: this header "
                "carries a credential by its name, and never passes; name the upstream's key in "
                "`api_key` or `network.headers`, or a caller's in `forward_headers`"},
        Mistake{"    config: {forward_headers: [Authorization]}\n",
                "5:31: providers.inference[0].config.forward_headers: expected a mapping, found a "
                "list"},
        Mistake{"    config: {extra_blocked_headers: ['  ']}\n",
                "5:38: providers.inference[0].config.extra_blocked_headers[0]: expected the name "
                "of a header"},
        Mistake{"    config: {network: {headers: {Host: x}}}\n",
                "5:34: providers.inference[0].config.network.headers.Host: the server sets this "
                "header itself"},
        Mistake{"    config: {network: {headers: {'X Y': x}}}\n",
                "5:34: providers.inference[0].config.network.headers.\"X Y\": this is not a valid "
                "header name"},
        Mistake{"    config: {network: {headers: {X-A: 1, x-a: 2}}}\n",
                "5:42: providers.inference[0].config.network.headers.x-a: this header is given "
                "twice; case does not matter"},
        Mistake{"    config: {network: {headers: {X-A: \"a\\r\\nX-B: b\"}}}\n",
                "5:39: providers.inference[0].config.network.headers.X-A: a header value must not "
                "contain control characters, or begin or end with a space"}));

INSTANTIATE_TEST_SUITE_P(
    OfNetworks, OneMistake,
    testing::Values(
        Mistake{"    config: {network: {tls: {verify: /nowhere/ca.pem}}}\n",
                "5:38: providers.inference[0].config.network.tls.verify: this file does not exist"},
        Mistake{"    config: {network: {tls: {verify: /}}}\n",
                "5:38: providers.inference[0].config.network.tls.verify: this is not a file"},
        Mistake{"    config: {network: {tls: {min_version: TLSv1.1}}}\n",
                "5:43: providers.inference[0].config.network.tls.min_version: expected one of "
                "TLSv1.2, TLSv1.3; did you mean `TLSv1.2`?"},
        Mistake{"    config: {network: {tls: {client_cert: " PENSTOCK_SOURCE_DIR
                "/CMakeLists.txt}}}\n",
                "5:30: providers.inference[0].config.network.tls.client_cert: a certificate needs "
                "its key in client_key"},
        Mistake{"    config: {network: {tls: {client_key: " PENSTOCK_SOURCE_DIR
                "/CMakeLists.txt}}}\n",
                "5:30: providers.inference[0].config.network.tls.client_key: a key needs its "
                "certificate in client_cert"},
        Mistake{"    config: {network: {timeout: [1, 2]}}\n",
                "5:33: providers.inference[0].config.network.timeout: expected 0.001 to 604800 "
                "seconds, such as 5, 0.5, 500ms or 10m"},
        Mistake{"    config: {network: {timeout: {read: 0}}}\n",
                "5:40: providers.inference[0].config.network.timeout.read: expected 0.001 to "
                "604800 seconds, such as 5, 0.5, 500ms or 10m"}));

INSTANTIATE_TEST_SUITE_P(
    OfTheServer, OneMistake,
    testing::Values(
        Mistake{"server: []\n", "5:9: server: expected a mapping, found a list"},
        Mistake{"server: {host: 'http://x'}\n",
                "5:16: server.host: expected a host name or an IP address alone, without scheme "
                "and port"},
        Mistake{"server: {host: a b}\n",
                "5:16: server.host: the host is not a host name or an IP address"},
        Mistake{"server: {port: -1}\n",
                "5:16: server.port: expected a whole number from 0 to 65535"},
        Mistake{"server: {port: 80.5}\n",
                "5:16: server.port: expected a whole number from 0 to 65535"},
        Mistake{"server: {port: [80]}\n",
                "5:16: server.port: expected a whole number from 0 to 65535"},
        Mistake{"server: {registry_refresh_interval_seconds: 0}\n",
                "5:45: server.registry_refresh_interval_seconds: expected a whole number from 1 to "
                "604800"},
        Mistake{"server: {tls_certfile: " PENSTOCK_SOURCE_DIR "/CMakeLists.txt}\n",
                "5:10: server.tls_certfile: a certificate needs its key in server.tls_keyfile"},
        Mistake{"server: {tls_keyfile: " PENSTOCK_SOURCE_DIR "/CMakeLists.txt}\n",
                "5:10: server.tls_keyfile: a key needs its certificate in server.tls_certfile"},
        Mistake{"server: {tls_cafile: " PENSTOCK_SOURCE_DIR "/CMakeLists.txt}\n",
                "5:10: server.tls_cafile: client certificates require the server's own certificate "
                "in server.tls_certfile and server.tls_keyfile"},
        Mistake{"server: {limits: {body_bytes: 64MB}}\n",
                "5:31: server.limits.body_bytes: expected a number of bytes from 1 to 68719476736, "
                "such as 65536 or 64KiB"},
        Mistake{"server: {timeouts: {idle: 0}}\n",
                "5:27: server.timeouts.idle: expected 0.001 to 604800 seconds, such as 5, 0.5, "
                "500ms or 10m"},
        Mistake{"server: {sse_done: stripe}\n",
                "5:20: server.sse_done: expected one of pass, strip; did you mean `strip`?"},
        Mistake{"server: {access_log: stdot}\n",
                "5:22: server.access_log: expected stdout, stderr, off, or a file's path with a "
                "slash in it; did you mean `stdout`?"},
        Mistake{"server: {caller_url_hosts: ['http://h']}\n",
                "5:29: server.caller_url_hosts[0]: expected a host, or host:port with a port "
                "from 1 to 65535 or `*`; no scheme and no path"}));

INSTANTIATE_TEST_SUITE_P(
    OfApiKeys, OneMistake,
    testing::Values(
        Mistake{"server: {api_keys: [{name: a, key: hunter2}]}\n",
                "5:36: server.api_keys[0].key: an API key must have at least 8 characters"},
        Mistake{"server: {api_keys: [{name: a, key: ''}]}\n",
                "5:36: server.api_keys[0].key: an API key must have at least 8 characters"},
        Mistake{"server: {api_keys: [{name: a, key: '${env.SECRET}'}]}\n",
                "5:36: server.api_keys[0].key: an API key must be visible ASCII without spaces"},
        Mistake{"server: {api_keys: [{name: a, key: '********'}]}\n",
                "5:36: server.api_keys[0].key: this is the mask of a key, not a key"},
        Mistake{"server: {api_keys: [{name: a, key: '${env.UNSET:=}'}]}\n",
                "5:31: server.api_keys[0].key: expected a value (text), found nothing"},
        Mistake{
            "server: {api_keys: [{name: a}]}\n",
            "5:21: server.api_keys[0]: the key `key` (text) is missing; or give its `key_hash`"},
        Mistake{"server: {api_keys: [{name: '', key: 12345678}]}\n",
                "5:28: server.api_keys[0].name: expected a name"},
        Mistake{"server: {api_keys: ['${env.UNSET:=}']}\n",
                "5:21: server.api_keys[0]: expected a mapping, found nothing"},
        Mistake{"server: {api_keys: {a: b}}\n",
                "5:20: server.api_keys: expected a list, found a mapping"},
        Mistake{"server: {api_keys: [{name: a, key: 12345678}, {name: a, key: 12345679}]}\n",
                "5:54: server.api_keys[1].name: another key has the same name"},
        Mistake{"server: {api_keys: [{name: a, key: 12345678}, {name: b, key: 12345678}]}\n",
                "5:62: server.api_keys[1].key: another entry has the same key"}));

INSTANTIATE_TEST_SUITE_P(
    OfModels, OneMistake,
    testing::Values(
        Mistake{"models: [{model_id: m, provider_id: q}]\n",
                "5:37: models[0].provider_id: there is no provider with this provider_id; did you "
                "mean `p`?"},
        Mistake{"registered_resources: {models: [{provider_id: p}]}\n",
                "5:33: registered_resources.models[0]: the key `model_id` (text) is missing"},
        Mistake{"models: [{model_id: m, provider_id: p, model_type: lm}]\n",
                "5:52: models[0].model_type: expected one of llm, embedding, rerank; did you mean "
                "`llm`?"},
        Mistake{"models: [{model_id: m, provider_id: p, metadata: [x]}]\n",
                "5:50: models[0].metadata: expected a mapping, found a list"},
        Mistake{"models: [{model_id: m, provider_id: p}, {model_id: m, provider_id: p}]\n",
                "5:52: models[1].model_id: another model is also named p/m"},
        Mistake{"models: [{model_id: \"a\\nb\", provider_id: p}]\n",
                "5:21: models[0].model_id: a model's id has at most 1024 bytes and no control "
                "characters"},
        Mistake{"  - {provider_id: q, provider_type: 'remote::passthrough'}\n"
                "models: [{model_id: m}]\n",
                "6:10: models[0]: the key `provider_id` is missing; it may be omitted only if "
                "there is exactly one provider"},
        Mistake{"models: {m: p}\n", "5:9: models: expected a list, found a mapping"}));

TEST(Mistakes, OfOneCauseAreReportedOnce) {
  // The unknown id is also that of the model's provider.
  const Loaded loaded = load(R"(
providers:
  inference:
  - provider_id: ${env.UNSET}
    provider_type: remote::passthrough
models:
- {model_id: m, provider_id: vllm}
)");
  EXPECT_THAT(texts_of(loaded), ElementsAre(testing::HasSubstr("4:18: providers.inference[0]."
                                                               "provider_id: the environment")));
}

TEST(Mistakes, NeverShowASecret) {
  const Loaded loaded = load(R"(
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    config:
      base_url: https://hunter2:hunter2@host
      api_key: "hunter2 \n"
      refresh_models: hunter2
      network: {headers: {Authorization: "hunter2\n"}, timeout: hunter2, tls: {verify: hunter2}}
server:
  port: hunter2
  host: hunter2/
  api_keys: [{name: a, key: hunter2}, hunter2]
  limits: {body_bytes: hunter2}
  sse_done: hunter2
  access_log: hunter2
)");
  EXPECT_EQ(loaded.problems.size(), 13u);
  for (const Problem& problem : loaded.problems) {
    EXPECT_THAT(problem.text(), testing::Not(testing::HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace penstock::config
