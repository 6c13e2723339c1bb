#include "sim/ranking_routes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/json_text.h"
#include "sim/planning.h"
#include "sim/request.h"

namespace penstock::sim {
namespace {

constexpr std::size_t kBytesPerTokenId = 3;
constexpr std::uint64_t kScores = 1'000'000;

// From 0 to 1.
double score_of(std::string_view query, std::string_view document) {
  const std::uint64_t hash = hash_of(document, hash_of(query, 0));
  return static_cast<double>(hash % kScores) / static_cast<double>(kScores);
}

// The text of a document: itself, or the member `text` of an object, else all of it as JSON.
std::string words_of(const Json& document) {
  if (document.is_string()) return document.get<std::string>();
  std::string text = text_member(document, "text");
  return text.empty() ? text_of(document) : text;
}

// A list of texts, or a single one.
std::vector<std::string> texts_of(const Json* value) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->is_array()) return {words_of(*value)};
  for (const Json& text : *value) texts.push_back(words_of(text));
  return texts;
}

struct Ranked {
  std::size_t index;
  double score;
  std::string text;
};

// What all three shapes have: the best documents first, and no more than asked for.
struct Ranking {
  std::string model;
  std::uint64_t id = 0;
  std::size_t tokens = 0;
  std::vector<Ranked> ranked;
};

Result<Ranking> rank(const Call& call, std::string_view documents, std::string_view limit) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  const Json* query = member(call.body, "query");
  if (query == nullptr) return invalid_request("Missing required parameter: 'query'.");
  const std::vector<std::string> texts = texts_of(member(call.body, documents));
  if (texts.empty()) {
    return invalid_request("Missing required parameter: '" + std::string(documents) + "'.");
  }
  const std::string asked = words_of(*query);
  Ranking ranking{.model = (*model)->id, .id = hash_of(text_of(call.body), 0), .ranked = {}};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ranking.tokens += tokens_of(texts[i]) + tokens_of(asked);
    ranking.ranked.push_back({i, score_of(asked, texts[i]), texts[i]});
  }
  std::stable_sort(ranking.ranked.begin(), ranking.ranked.end(),
                   [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  const std::uint64_t most = count_member(call.body, limit).value_or(texts.size());
  if (most < ranking.ranked.size()) {
    ranking.ranked.erase(ranking.ranked.begin() + static_cast<std::ptrdiff_t>(most),
                         ranking.ranked.end());
  }
  return ranking;
}

Json plain_results(const Ranking& ranking) {
  Json results = Json::array();
  for (const Ranked& ranked : ranking.ranked) {
    results.push_back({{"index", ranked.index}, {"relevance_score", ranked.score}});
  }
  return results;
}

Json usage_of(std::size_t tokens) {
  return {{"prompt_tokens", tokens}, {"total_tokens", tokens}};
}

Made paced(const Json& json) {
  Made made = made_of(json);
  made.tokens = 0;
  return made;
}

// Of OpenAI's newest moderation model.
constexpr std::array<std::string_view, 13> kCategories = {
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
};

Json judgement_of(const std::string& text) {
  const bool flagged = text.find("attack") != std::string::npos;
  Json categories;
  Json scores;
  Json types;
  for (const std::string_view name : kCategories) {
    const bool hit = flagged && name == "violence";
    categories[name] = hit;
    scores[name] = hit ? 0.9 : 0.001;
    types[name] = Json::array({"text"});
  }
  return {{"flagged", flagged},
          {"categories", categories},
          {"category_scores", scores},
          {"category_applied_input_types", types}};
}

// The bytes after a marker, so that the length is not lost.
std::uint64_t token_id_of(std::string_view bytes) {
  std::uint64_t id = 1;
  for (const char c : bytes) id = (id << 8) | static_cast<unsigned char>(c);
  return id;
}

std::string bytes_of(std::uint64_t id) {
  std::string bytes;
  for (; id > 1; id >>= 8) bytes.insert(bytes.begin(), static_cast<char>(id & 0xFF));
  return bytes;
}

}  // namespace

Result<Made> rerank(const Call& call) {
  const Result<Ranking> ranking = rank(call, "documents", "top_n");
  if (!ranking) return failure(ranking.error());
  Json results = Json::array();
  for (const Ranked& ranked : ranking->ranked) {
    results.push_back({{"index", ranked.index},
                       {"document", {{"text", ranked.text}}},
                       {"relevance_score", ranked.score}});
  }
  return paced({{"id", "rerank-" + hex(ranking->id)},
                {"model", ranking->model},
                {"usage", usage_of(ranking->tokens)},
                {"results", results}});
}

Result<Made> rerank_as_cohere(const Call& call) {
  const Result<Ranking> ranking = rank(call, "documents", "top_n");
  if (!ranking) return failure(ranking.error());
  return paced({{"id", hex(ranking->id)},
                {"results", plain_results(*ranking)},
                {"meta",
                 {{"api_version", {{"version", "2"}, {"is_experimental", false}}},
                  {"billed_units", {{"search_units", 1}}}}}});
}

Result<Made> rerank_as_ogx(const Call& call) {
  const Result<Ranking> ranking = rank(call, "items", "max_num_results");
  if (!ranking) return failure(ranking.error());
  return paced({{"data", plain_results(*ranking)}});
}

Result<Made> score(const Call& call) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  const auto texts = [&call](std::string_view name, std::string_view other) {
    const Json* given = member(call.body, name);
    return texts_of(given != nullptr ? given : member(call.body, other));
  };
  const std::vector<std::string> left = texts("text_1", "queries");
  const std::vector<std::string> right = texts("text_2", "documents");
  if (left.empty() || right.empty() || (left.size() != 1 && left.size() != right.size())) {
    return invalid_request("'text_1' has one text, or as many as 'text_2'.");
  }
  Json data = Json::array();
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    const std::string& other = left[left.size() == 1 ? 0 : i];
    tokens += tokens_of(other) + tokens_of(right[i]);
    data.push_back({{"index", i}, {"object", "score"}, {"score", score_of(other, right[i])}});
  }
  return paced({{"id", "score-" + hex(hash_of(text_of(call.body), 0))},
                {"object", "list"},
                {"created", kCreatedSeconds},
                {"model", (*model)->id},
                {"data", data},
                {"usage", usage_of(tokens)}});
}

Result<Made> moderate(const Call& call) {
  std::string name = call.world.models.first().id;
  if (member(call.body, "model") != nullptr) {
    const Result<const Model*> model = call.model();
    if (!model) return failure(model.error());
    name = (*model)->id;
  }
  const std::vector<std::string> texts = texts_of(member(call.body, "input"));
  if (texts.empty()) return invalid_request("Missing required parameter: 'input'.");
  Json results = Json::array();
  for (const std::string& text : texts) results.push_back(judgement_of(text));
  return paced({{"id", "modr-" + hex(hash_of(text_of(call.body), 0))},
                {"model", name},
                {"results", results}});
}

Result<Made> tokenize(const Call& call) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  std::string text = text_member(call.body, "prompt");
  if (const Json* messages = member(call.body, "messages")) text = text_of(*messages);
  Json tokens = Json::array();
  for (std::size_t at = 0; at < text.size(); at += kBytesPerTokenId) {
    tokens.push_back(token_id_of(std::string_view(text).substr(at, kBytesPerTokenId)));
  }
  const std::size_t count = tokens.size();
  return paced({{"count", count},
                {"max_model_len", 131072},
                {"tokens", std::move(tokens)},
                {"token_strs", nullptr}});
}

Result<Made> detokenize(const Call& call) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  const Json* tokens = member(call.body, "tokens");
  if (tokens == nullptr || !tokens->is_array()) {
    return invalid_request("Missing required parameter: 'tokens'.");
  }
  std::string text;
  for (const Json& token : *tokens) {
    if (token.is_number_unsigned()) text += bytes_of(token.get<std::uint64_t>());
  }
  return paced({{"prompt", std::move(text)}});
}

}  // namespace penstock::sim
