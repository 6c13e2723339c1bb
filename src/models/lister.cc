#include "models/lister.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/text.h"
#include "http/content_codings.h"
#include "net/next_turn.h"
#include "net/wait.h"
#include "providers/redirect.h"

namespace penstock::models {
namespace {

// What is read of a list, decoded or not, before others have their turn: with entries as small as
// can be, a few milliseconds of work.
constexpr std::size_t kTurnBytes = 64 * 1024;

Error invalid_answer(std::string message) {
  return Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                         std::move(message));
}

Error took_too_long() {
  return Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                         "the upstream took too long to list its models")
      .at_limit(Limit::kModelListTimeout);
}

// The page after `last_id`: OpenAI's services call the parameter `after`, Anthropic's `after_id`,
// and each ignores the other.
std::string page_query(std::string_view last_id) {
  if (last_id.empty()) return {};
  const std::string id = percent_encode(last_id);
  return "after=" + id + "&after_id=" + id;
}

// Counts what is read in a turn of the loop.
class Turn {
 public:
  explicit Turn(const ListRequest& request) : request_(request) {}

  // After so many more bytes. True if others should have their turn: co_await next().
  bool is_over(std::size_t bytes) {
    bytes_ += bytes;
    return bytes_ >= kTurnBytes;
  }
  // Errors: cancelled meanwhile, or out of time.
  Task<Status> next() {
    bytes_ = 0;
    co_await net::next_turn(request_.loop);
    if (request_.cancel.raised()) co_return failure(Error::cancelled());
    if (request_.loop.now() >= request_.until) co_return failure(took_too_long());
    co_return Status{};
  }

 private:
  const ListRequest& request_;
  std::size_t bytes_ = 0;
};

// Takes the content codings off of a page. Some services compress, though the request asks for
// `identity`.
class Decoding {
 public:
  Decoding(const wire::ContentCodings& codings, std::size_t bytes_max)
      : decoder_(codings, bytes_max) {}

  // Gives `coded` to `reader`, in several turns of the loop where much comes of it.
  Task<Status> feed(Turn& turn, std::string_view coded, ListReader& reader) {
    for (;;) {
      const wire::ContentDecoder::Step step = decoder_.step(coded, plain_);
      if (step.outcome == Outcome::kTooLarge) co_return failure(reader.too_long());
      if (step.outcome == Outcome::kMalformed) {
        co_return failure(
            invalid_answer("the upstream's model list does not match its Content-Encoding"));
      }
      coded.remove_prefix(step.consumed);
      Status fed = reader.feed({plain_.data(), step.produced});
      if (!fed || step.outcome == Outcome::kIdle) co_return fed;
      if (!turn.is_over(step.consumed + step.produced)) continue;
      Status next = co_await turn.next();
      if (!next) co_return next;
    }
  }

  Status end() const {
    if (decoder_.is_whole()) return {};
    return failure(
        invalid_answer("the upstream's compressed model list ended before it was complete"));
  }

 private:
  using Outcome = wire::ContentDecoder::Outcome;

  wire::ContentDecoder decoder_;
  std::array<char, 64 * 1024> plain_;
};

// `decoding` is null where the page is in no coding.
Task<Status> read_page(const ListRequest& request, http::UpstreamExchange& upstream,
                       std::unique_ptr<Decoding> decoding, ListReader& reader) {
  net::Deadline deadline(request.loop);
  deadline.set(request.until);
  Turn turn(request);
  for (;;) {
    auto part = upstream.read_body();
    if (!part) co_return failure(std::move(part.error()));
    Status fed;
    if (decoding == nullptr) {
      fed = reader.feed(part->data);
    } else {
      fed = co_await decoding->feed(turn, part->data, reader);
      if (fed && part->end) fed = decoding->end();
    }
    if (!fed || part->end) co_return fed;
    if (turn.is_over(part->data.size())) {
      Status next = co_await turn.next();
      if (!next) co_return next;
    }
    if (upstream.has_buffered()) continue;
    const net::Woken woken =
        co_await net::wait_any(request.loop, &deadline, request.cancel, upstream.readable());
    if (woken.by(request.cancel)) co_return failure(Error::cancelled());
    if (woken.timed_out()) co_return failure(took_too_long());
  }
}

// The error for an answer that is not a list, with what the operator can do about it.
Error refused(int status) {
  std::string message = "the upstream answered " + std::to_string(status) + " to the model list";
  if (status == 401 || status == 403) message += "; check the provider's api_key";
  if (status == 404) message += "; check the path of base_url";
  return invalid_answer(std::move(message));
}

// A server that expects a TLS handshake closes a plain connection, mostly without an answer.
Error not_answered(Error error, const config::Provider& provider) {
  const bool may_want_tls =
      error.kind == ErrorKind::kUpstreamReset && provider.base_url && !provider.base_url->tls;
  if (may_want_tls) error.message += "; if it speaks TLS on this port, use https://";
  return error;
}

// Requests a page and reads it, or returns the redirected target to request instead.
Task<Result<std::optional<std::string>>> ask(const ListRequest& request,
                                             const providers::Call& call, std::string_view target,
                                             const http::FieldBlock& fields, int redirects,
                                             ListReader& reader) {
  // A new connection: listing is rare, and a stale one would need a second attempt.
  const SteadyTime connect_until =
      std::min(request.until, request.loop.now() + request.provider.timeouts().connect);
  auto acquired = co_await call.pool().acquire(http::Reuse::kNo, connect_until, request.cancel);
  if (!acquired) co_return failure(std::move(acquired.error()));
  http::UpstreamExchange& upstream = *acquired;
  const http::RequestToSend get{"GET", target, fields};
  http::Pieces no_body;
  Status sent = co_await upstream.send(get, no_body, request.until, request.cancel);
  if (!sent) co_return failure(std::move(sent.error()));
  auto answer = co_await upstream.receive_head(request.until, request.cancel);
  if (!answer) {
    co_return failure(not_answered(std::move(answer.error()), request.provider.settings()));
  }
  const int status = (*answer)->status;
  if (providers::is_redirect(status)) {
    if (redirects == providers::kRedirectsMax) {
      co_return failure(providers::too_many_redirects(status));
    }
    Result<std::string> next = request.provider.follow(**answer, call, target);
    if (!next) co_return failure(std::move(next.error()));
    co_return std::optional<std::string>(std::move(*next));
  }
  if (status != 200) co_return failure(refused(status));
  const std::optional<wire::ContentCodings> codings = http::codings_of((*answer)->fields);
  if (!codings)
    co_return failure(invalid_answer("the upstream's model list has an unknown content coding"));
  std::unique_ptr<Decoding> decoding;
  if (!codings->empty()) decoding = std::make_unique<Decoding>(*codings, request.bounds.bytes);
  Status read = co_await read_page(request, upstream, std::move(decoding), reader);
  if (!read) co_return failure(std::move(read.error()));
  upstream.finish();
  co_return std::optional<std::string>();
}

Task<Status> ask_for_page(const ListRequest& request, const providers::Call& call,
                          const std::string& last_id, ListReader& reader) {
  std::string target;
  http::FieldBlock fields;
  request.provider.write_own_head(request.provider.list_path(), call, request.data, target, fields);
  if (const std::string query = page_query(last_id); !query.empty()) {
    target.append(target.contains('?') ? "&" : "?").append(query);
  }
  for (int redirects = 0;; ++redirects) {
    auto next = co_await ask(request, call, target, fields, redirects, reader);
    if (!next) co_return failure(std::move(next.error()));
    if (!*next) co_return Status{};
    target = std::move(**next);
  }
}

}  // namespace

Task<Result<ListNotes>> list_models(const ListRequest& request, ListReader::Take take) {
  Result<providers::Call> call = request.provider.list_call(request.data);
  if (!call) co_return failure(std::move(call.error()));
  ListReader reader(request.bounds, std::move(take), request.provider.settings().listing.shape);
  std::string last_id;
  std::unordered_set<std::string, KeyedHash, std::equal_to<>> asked_after;
  for (std::size_t pages = 1;; ++pages) {
    Status asked = co_await ask_for_page(request, *call, last_id, reader);
    if (!asked) co_return failure(std::move(asked.error()));
    Result<ListReader::Page> page = reader.end_page();
    if (!page) co_return failure(std::move(page.error()));
    // An upstream without paging returns the first page again, and others go in circles.
    const bool goes_on =
        page->has_more && !page->last_id.empty() && asked_after.insert(page->last_id).second;
    if (!goes_on || reader.is_full()) break;
    if (pages == request.bounds.pages) {
      reader.notes().cut_short =
          "only the first " + std::to_string(pages) + " pages of its list of models are used";
      reader.notes().hit(Limit::kModelListPages);
      break;
    }
    last_id = std::move(page->last_id);
  }
  co_return std::move(reader.notes());
}

}  // namespace penstock::models
