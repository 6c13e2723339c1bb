#pragma once

// Where an upstream's APIs are, and how a key is sent to them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

// A URL in the parts that a client needs. `path` begins with a slash and does not end with one, or
// is empty; decoding refuses user information, query and fragment.
struct Url {
  bool tls = false;
  std::string host;  // without brackets, lower case
  std::uint16_t port = 80;
  std::string path;
  // The path of a unix socket that leads there: scheme http+unix, with the host `localhost`. Empty:
  // none.
  std::string socket = {};

  // "https://host:8000/v1", without the scheme's default port; "http+unix://%2Frun%2Fx.sock/v1".
  std::string text() const;
  // The value of the Host field (RFC 9110 section 7.2): the host, in brackets if it is an IPv6
  // address, and the port unless it is the scheme's default.
  std::string authority() const;

  bool operator==(const Url&) const = default;
};

// What to do with a base URL's path. Most services have their API below /v1; some do not.
enum class BasePath : std::uint8_t { kEndsInV1, kAsWritten };

// Which of an upstream's APIs a call is for: OpenAI's and everything beside it, or Anthropic's
// (messages), which some services have at another URL, with the key in another field.
enum class Surface : std::uint8_t { kOpenAi, kAnthropic };

// The version of Anthropic's API that is spoken (https://docs.anthropic.com/en/api/versioning).
inline constexpr std::string_view kAnthropicVersionField = "anthropic-version";
inline constexpr std::string_view kAnthropicVersion = "2023-06-01";

// How a key is sent.
enum class KeyForm : std::uint8_t {
  kBearer,   // Authorization: Bearer KEY
  kXApiKey,  // x-api-key: KEY
  kApiKey,   // api-key: KEY
  kBasic,    // Authorization: Basic, of the key `user:password`
  kNone,     // not at all
};
// Their words in the configuration.
inline constexpr std::array<std::string_view, 5> kKeyForms = {"bearer", "x-api-key", "api-key",
                                                              "basic", "none"};

// The name of the field that carries the key; empty for kNone.
std::string_view key_field_name(KeyForm form);
// The value of that field.
std::string key_field_value(KeyForm form, std::string_view key);

// Whose key a call carries if both the operator and the caller have one.
enum class KeyOrder : std::uint8_t { kOperatorFirst, kCallerFirst };

// How an upstream lists its models.
struct ModelListing {
  enum class Shape : std::uint8_t {
    kData,              // {"data":[{"id":…}]}, or the array alone
    kServingEndpoints,  // {"endpoints":[{"name":…}]}: Databricks
    kOneModel,          // {"model_id":…}: text-embeddings-inference
    kNone,              // not at all
  };

  Shape shape = Shape::kData;
  Surface surface = Surface::kOpenAi;  // whose key and fields it takes
  std::optional<Url> url;              // nullopt: /models below the surface's URL

  bool operator==(const ModelListing&) const = default;
};

}  // namespace penstock::config
