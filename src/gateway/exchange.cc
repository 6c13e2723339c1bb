#include "gateway/exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/apis/error_answer.h"
#include "wire/bodies/content_coding.h"

namespace penstock::gateway {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kRequestIdBytesMax = 128;

// Characters that are safe in a log line and a header.
constexpr std::array<bool, 256> kRequestIdCharacters = [] {
  std::array<bool, 256> usable{};
  constexpr std::string_view kUsable =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.:/+=@";
  for (const char c : kUsable) usable[static_cast<unsigned char>(c)] = true;
  return usable;
}();

bool is_usable_request_id(std::string_view id) {
  return !id.empty() && id.size() <= kRequestIdBytesMax && std::ranges::all_of(id, [](char c) {
    return kRequestIdCharacters[static_cast<unsigned char>(c)];
  });
}

using RequestId = std::array<char, 32>;

// `req_` and 112 random bits.
RequestId make_request_id(Random& random) {
  constexpr char kDigits[] = "0123456789abcdef";
  RequestId id = {'r', 'e', 'q', '_'};
  std::size_t at = 4;
  while (at < id.size()) {
    std::uint64_t bits = random.next();
    for (int i = 0; i < 14; ++i, bits >>= 4) id[at++] = kDigits[bits & 15];
  }
  return id;
}

telemetry::RouteId route_id(const Endpoint& endpoint) {
  return telemetry::RouteId{static_cast<std::uint16_t>(endpoint.index)};
}

telemetry::ProviderId provider_id(std::optional<std::size_t> provider) {
  if (!provider) return telemetry::kNoProvider;
  return telemetry::ProviderId{static_cast<std::uint16_t>(*provider + 1)};
}

}  // namespace

Exchange::Exchange(Context& context, http::ServerExchange& connection)
    : context_(context),
      connection_(connection),
      endpoint_(&context.routes->unknown()),
      deadline_(context.settings.server.timeouts.request.count() > 0
                    ? connection.request_started() + context.settings.server.timeouts.request
                    : net::Deadline::kNever) {
  const std::optional<std::string_view> given =
      connection.request().fields.find(http::FieldName::kXRequestId);
  if (given && is_usable_request_id(*given) && !context.secrets.may_find(*given)) {
    request_id_.assign(*given);
  } else {
    const RequestId id = make_request_id(context.random);
    request_id_.assign({id.data(), id.size()});
    request_id_is_made_ = true;
  }
}

void Exchange::remember_request() {
  constexpr std::size_t kPathBytesMax = 512;
  method_.assign(connection_.request().method);
  path_.assign(connection_.request().target.substr(0, kPathBytesMax));
}

void Exchange::set_target(const models::Catalog::Target& target) {
  upstream_model_.assign(target.upstream_model);
  provider_ = target.provider;
  model_is_known_ = target.model != nullptr;
  // A model is one series of the metrics, whichever of its names is used.
  if (model_is_known_ && target.model->id != model()) listed_model_.assign(target.model->id);
}

void Exchange::connected(bool reused, std::chrono::nanoseconds took) {
  reused_ = reused;
  connect_time_ = duration_cast<microseconds>(took);
  if (reused) {
    context_.shard.upstream_connection_reused(provider_id(provider_));
  } else {
    context_.shard.upstream_connection_opened(provider_id(provider_));
  }
}

void Exchange::attempt_failed(const Error& error) {
  context_.shard.upstream_error(provider_id(provider_), error.kind);
}

void Exchange::attempt_repeated() {
  context_.shard.upstream_retried(provider_id(provider_));
}

void Exchange::upstream_answered(int status) {
  upstream_status_ = status;
}

void Exchange::adopt_request_id(std::string_view id) {
  if (!request_id_is_made_ || !is_usable_request_id(id) || context_.secrets.may_find(id)) return;
  request_id_.assign(id);
}

void Exchange::first_byte_seen() {
  if (first_byte_time_) return;
  first_byte_time_ =
      duration_cast<microseconds>(context_.loop.now() - connection_.request_started());
}

void Exchange::stream_began() {
  is_stream_ = true;
  context_.shard.stream_opened();
}

SteadyTime Exchange::until(milliseconds timeout) const {
  if (timeout.count() <= 0) return deadline_;
  return std::min(deadline_, context_.loop.now() + timeout);
}

bool Exchange::request_time_is_over() const {
  return deadline_ <= context_.loop.now();
}

http::FieldBlock Exchange::common_fields() {
  http::FieldBlock fields(context_.scratch);
  fields.add("x-request-id", request_id_.view());
  fields.add(context_.transport_security);
  return fields;
}

Task<void> Exchange::respond(int status, std::string_view content_type, std::string_view body,
                             http::FieldBlock fields) {
  std::string masked;
  if (context_.secrets.may_find(body)) {
    masked.assign(body);
    context_.secrets.mask(masked);
    body = masked;
  }
  const std::span<const std::string_view> whole(&body, 1);
  co_await respond_in_parts(status, content_type, whole, std::move(fields));
}

Task<void> Exchange::respond_in_parts(int status, std::string_view content_type,
                                      std::span<const std::string_view> body,
                                      http::FieldBlock fields) {
  http::Pieces pieces;
  for (const std::string_view part : body) pieces.add(part);
  http::FieldBlock all = common_fields();
  if (!pieces.empty()) all.add("Content-Type", content_type);
  all.add(fields);
  head_sent(status, Body::kOther);
  Status written = co_await connection_.respond(status, std::move(all), pieces);
  if (!written) {
    note(truth_about(std::move(written.error())));
    co_return;
  }
  if (ending_ == telemetry::Ending::kInternal && !error_) ending_ = telemetry::Ending::kCompleted;
}

// Adds what only the exchange knows about an error: why it was cancelled, and that the time of the
// whole request was over before that of a step.
Error Exchange::truth_about(Error error) const {
  const bool gone = error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kClientGone;
  if (gone && connection_.stopped()) {
    return Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down");
  }
  if (gone) return Error::client(ErrorKind::kClientGone, "the client has gone");
  if (error.kind == ErrorKind::kUpstreamTimeout && request_time_is_over()) {
    return Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                           "the request took longer than server.timeouts.request")
        .at_limit(Limit::kRequestTimeout);
  }
  return error;
}

void Exchange::note(const Error& error) {
  context_.shard.count_limit(error);
  error_ = error.kind;
  ending_ = telemetry::ending_of(error.kind);
}

Task<void> Exchange::fail(Error error) {
  error = truth_about(std::move(error));
  note(error);
  if (head_sent_) {
    if (body_ != Body::kEvents || error.kind == ErrorKind::kClientGone) co_return;
    if (error_event_ == ErrorEvent::kNone) co_return;
    // An empty line ends the incomplete event.
    std::string event = error_event_ == ErrorEvent::kInsideEvent ? "\n\n" : "";
    event.append(wire::error_event(error));
    context_.secrets.mask(event);
    // The answer is cut off after it in any case: this is not its last part.
    (void)co_await connection_.write(event, http::ServerExchange::Last::kNo);
    co_return;
  }
  const wire::ErrorAnswer answer = wire::answer_for(error);
  if (answer.status == 0) co_return;
  http::FieldBlock fields(context_.scratch);
  if (answer.status == 401) fields.add("WWW-Authenticate", "Bearer");
  if (answer.status == 405) fields.add("Allow", allow_field(*endpoint_));
  // What may be sent instead (RFC 9110 section 15.5.16).
  if (answer.status == 415) fields.add("Accept-Encoding", wire::kReadCodings);
  if (answer.status == 503) fields.add("Retry-After", "1");
  const std::string body = wire::error_body(error);
  co_await respond(answer.status, kJsonType, body, std::move(fields));
}

void Exchange::head_sent(int status, Body body) {
  head_sent_ = true;
  status_ = status;
  body_ = body;
}

void Exchange::completed() {
  if (upstream_said_error_) {
    ending_ = telemetry::Ending::kUpstreamError;
    return;
  }
  ending_ = telemetry::Ending::kCompleted;
}

void Exchange::record() {
  const auto duration =
      duration_cast<microseconds>(context_.loop.read_clock() - connection_.request_started());
  const telemetry::ProviderId provider = provider_id(provider_);
  const auto label = model_.empty()           ? telemetry::ModelLabel::none()
                     : !listed_model_.empty() ? telemetry::ModelLabel::known(listed_model_.view())
                     : model_is_known_        ? telemetry::ModelLabel::known(model_.view())
                                              : telemetry::ModelLabel::other();
  const telemetry::RequestSeries series =
      context_.shard.resolve(route_id(*endpoint_), provider, label);
  context_.shard.request_closed(series, status_, duration);
  if (first_byte_time_) context_.shard.first_byte(series, *first_byte_time_);
  if (is_stream_) context_.shard.stream_closed(ending_);
  if (usage_) {
    context_.shard.tokens(provider, usage_->prompt_tokens, usage_->completion_tokens);
  }
  if (!context_.access_log.is_on()) return;
  const std::string peer = connection_.peer().host_text();
  telemetry::AccessRecord line;
  line.time = context_.loop.wall() - duration;
  line.request_id = request_id_.view();
  line.principal = principal_;
  line.method = method_.view();
  line.route = endpoint_->label;
  line.path = path_.view();
  line.model = model_.view();
  if (provider_) line.provider = context_.settings.providers[*provider_].id;
  line.upstream_model = upstream_model_.view();
  line.peer = peer;
  line.status = status_;
  line.upstream_status = upstream_status_;
  line.ending = ending_;
  line.error = error_;
  line.stream = is_stream_;
  line.reused_connection = reused_;
  line.attempts = attempts_;
  line.bytes_in = connection_.body_bytes_received();
  line.bytes_out = connection_.body_bytes_sent();
  line.duration = duration;
  line.first_byte = first_byte_time_;
  line.connect = connect_time_;
  if (usage_) {
    line.prompt_tokens = usage_->prompt_tokens;
    line.completion_tokens = usage_->completion_tokens;
    line.total_tokens = usage_->total_tokens;
  }
  context_.access_log_shard.write(line);
}

}  // namespace penstock::gateway
