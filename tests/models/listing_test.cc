#include "models/listing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::models {
namespace {

ListBounds bounds() {
  return ListBounds::of(config::Limits());
}

struct Read {
  std::vector<ListedModel> models;
  Status status;
  ListReader::Page page;
  ListNotes notes;
};

// One page, in parts of `part_bytes`.
using Shape = config::ModelListing::Shape;
Read read(std::string_view json, const ListBounds& within = bounds(),
          std::size_t part_bytes = 1'000'000, Shape shape = Shape::kData) {
  Read read;
  ListReader reader(
      within, [&](ListedModel model) { read.models.push_back(std::move(model)); }, shape);
  for (std::size_t at = 0; read.status && at < json.size(); at += part_bytes) {
    read.status = reader.feed(json.substr(at, part_bytes));
  }
  if (read.status) {
    Result<ListReader::Page> page = reader.end_page();
    if (page) {
      read.page = std::move(*page);
    } else {
      read.status = failure(std::move(page.error()));
    }
  }
  read.notes = reader.notes();
  return read;
}

std::vector<ListedModel> parse(std::string_view json, Shape shape = Shape::kData) {
  Read whole = read(json, bounds(), 1'000'000, shape);
  EXPECT_TRUE(whole.status.has_value()) << json;
  // Wherever a body is cut, it is the same list.
  const Read cut = read(json, bounds(), 1, shape);
  EXPECT_EQ(cut.models.size(), whole.models.size()) << json;
  EXPECT_EQ(cut.notes.text(), whole.notes.text()) << json;
  return std::move(whole.models);
}

std::vector<std::string> ids(std::string_view json) {
  std::vector<std::string> found;
  for (const ListedModel& model : parse(json)) found.push_back(model.id);
  return found;
}

TEST(ModelList, KeepsTheUpstreamsOrder) {
  EXPECT_EQ(ids(R"({"object":"list","data":[{"id":"b"},{"id":"a","owned_by":"x"}]})"),
            (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(ids(R"({"data":[]})").empty());
}

// GET https://api.together.xyz/v1/models
TEST(ModelList, MayBeAnArrayAlone) {
  EXPECT_EQ(ids(R"([{"id":"b","object":"model"},{"id":"a"}])"),
            (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(ids("\xEF\xBB\xBF [] "), std::vector<std::string>());
  EXPECT_FALSE(read(R"([{"id":"a"}],"has_more":true})").status);
  EXPECT_FALSE(read(R"([{"id":"a"}])", bounds(), 100, Shape::kServingEndpoints).status);
}

// GET https://…/api/2.0/serving-endpoints (docs.databricks.com/api)
TEST(ModelList, ReadsServingEndpoints) {
  const std::vector<ListedModel> models =
      parse(R"({"endpoints":[{"name":"databricks-gte-large-en","task":"llm/v1/embeddings",)"
            R"("creator":"someone@example.com"},{"name":"chat","task":"llm/v1/chat"},{"id":"x"}]})",
            Shape::kServingEndpoints);
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].id, "databricks-gte-large-en");
  EXPECT_EQ(models[0].type, "embedding");
  EXPECT_EQ(models[1].id, "chat");
  EXPECT_EQ(models[1].type, "llm");
  EXPECT_EQ(models[0].further_members, "");
}

// GET /info of text-embeddings-inference 1.7
TEST(ModelList, ReadsTheOneModelOfAnEmbeddingServer) {
  const std::vector<ListedModel> models =
      parse(R"({"model_id":"BAAI/bge-large-en-v1.5","model_sha":"d4aa","model_dtype":"float16",)"
            R"("model_type":{"embedding":{"pooling":"cls"}},"version":"1.7.2"})",
            Shape::kOneModel);
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].id, "BAAI/bge-large-en-v1.5");
  EXPECT_EQ(models[0].type, "embedding");
  EXPECT_TRUE(models[0].type_is_stated);
  EXPECT_EQ(parse(R"({"model_id":"r","model_type":{"reranker":{}}})", Shape::kOneModel)[0].type,
            "rerank");
  EXPECT_FALSE(read("{", bounds(), 100, Shape::kOneModel).status);
}

TEST(ModelList, LeavesOutWhatHasNoUsableId) {
  const std::string longest(512, 'x');
  EXPECT_EQ(ids(R"({"data":[1,null,"a",{},{"id":""},{"id":5},{"id":"a\nb"},{"id":"a\u007f"},)"
                R"({"id":")" +
                longest + R"(x"},{"id":")" + longest + R"("},{"id":"a b/c:d"}]})"),
            (std::vector<std::string>{longest, "a b/c:d"}));
}

TEST(ModelList, CountsTheFirstOfTwoWithOneId) {
  const auto models = parse(R"({"data":[{"id":"a","custom_metadata":{"n":1}},{"id":"a"}]})");
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].metadata.text(), R"({"n":1})");
}

TEST(ModelList, ReadsTheTypeThatAnUpstreamStates) {
  const auto models =
      parse(R"({"data":[{"id":"a"},{"id":"b","custom_metadata":{"model_type":"embedding"}},)"
            R"({"id":"c","custom_metadata":{"model_type":"rerank"}},)"
            R"({"id":"d","custom_metadata":{"model_type":"llm"}},)"
            R"({"id":"e","custom_metadata":{"model_type":"novel"}},)"
            R"({"id":"f","custom_metadata":{"model_type":7}},{"id":"g","custom_metadata":"x"}]})");
  const std::vector<std::pair<std::string, bool>> expected = {
      {"llm", false}, {"embedding", true}, {"rerank", true}, {"llm", true},
      {"llm", false}, {"llm", false},      {"llm", false}};
  ASSERT_EQ(models.size(), expected.size());
  for (std::size_t i = 0; i < models.size(); ++i) {
    EXPECT_EQ(models[i].type, expected[i].first) << models[i].id;
    EXPECT_EQ(models[i].type_is_stated, expected[i].second) << models[i].id;
  }
}

TEST(ModelList, KeepsMetadataButForTheKeysOfItsOwn) {
  const auto models = parse(R"({"data":[{"id":"a","custom_metadata":{"z":1.50,"model_type":"llm",)"
                            R"("provider_id":"x","provider_resource_id":"y","a":{"b":[]}}}]})");
  EXPECT_EQ(models[0].metadata.text(), R"({"z":1.50,"model_type":"llm","a":{"b":[]}})");
}

// reported-failures 5.16
TEST(ModelList, KeepsTheSpellingOfWhatAnUpstreamSays) {
  const auto models = parse(
      R"({"data":[{"id":"a", "max_model_len" : 131072, "custom_metadata": { "n" : 1.10,)"
      R"( "big":12345678901234567890123 }, "pricing":{"prompt":0.10, "x":1E+2},"object":"model",)"
      R"("created":5,"owned_by":"x", "caf\u00e9":null}]})");
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].metadata.text(), R"({ "n" : 1.10, "big":12345678901234567890123 })");
  EXPECT_EQ(models[0].further_members,
            R"("max_model_len":131072,"pricing":{"prompt":0.10, "x":1E+2},"caf\u00e9":null)");
}

TEST(ModelList, RefusesWhatIsNoList) {
  for (const char* json : {"",
                           "null",
                           "[",
                           "[1",
                           "[] x",
                           "{}",
                           R"({"data":{}})",
                           R"({"data":null})",
                           R"({"data":[{"id":"a"}])",
                           R"({"data":[]} x)",
                           "<html>",
                           R"({"data":[{"id":"a"},]})",
                           R"({"data":[,]})",
                           R"({"data":[{"id":"a"} {"id":"b"}]})",
                           R"({"data":[],"data":[]})",
                           R"({"data":[])",
                           R"({"x" 1,"data":[]})",
                           R"({"data":[],})",
                           R"({"data":["a)",
                           R"({,"data":[]})"}) {
    for (const std::size_t part_bytes : {1, 1000}) {
      const Read none = read(json, bounds(), part_bytes);
      ASSERT_FALSE(none.status.has_value()) << json;
      EXPECT_EQ(none.status.error().kind, ErrorKind::kUpstreamInvalidResponse);
    }
  }
}

// reported-failures 5.15, 1.2
TEST(ModelList, LeavesOutAnUnsoundEntryAndKeepsTheOthers) {
  std::string deep = R"({"id":"x","custom_metadata":{"a":)";
  deep.append(100'000, '[').append(100'000, ']').append("}}");
  std::string wide = R"({"id":"x","custom_metadata":{)";
  for (int i = 0; i < 20'000; ++i) wide += "\"k" + std::to_string(i) + "\":0,";
  wide += "\"z\":0}}";
  const struct {
    std::string entry;
    std::string why;
  } rows[] = {
      {R"({"id":"\ud800"})", "malformed JSON at byte 6"},
      {R"({"id":"x","n":NaN})", "malformed JSON at byte 14"},
      {"{\"id\":\"x\",\"s\":\"\xFF\"}", "malformed JSON at byte 15"},
      {R"({"id":"x","n":[}})", "malformed JSON at byte 15"},
      {R"({"id":"x","n":01})", "malformed JSON at byte 14"},
      {R"({"id":"x","id":"y"})", "duplicate key in a JSON object at byte 10"},
      {"NaN", "malformed JSON at byte 0"},
      {"5", "it has no id"},
      {R"({"id":7})", "it has no id"},
      {R"({"id":""})", "its id cannot be used"},
      {R"({"id":"a\u009bb"})", "its id cannot be used"},
      {deep, "it is longer than 65536 bytes"},
      {wide, "it is longer than 65536 bytes"},
      {R"({"id":"x","custom_metadata":{"a":")" + std::string(16 * 1024, 'm') + "\"}}",
       "its metadata is too long"},
  };
  for (const auto& row : rows) {
    const std::string json =
        R"({"data":[{"id":"a"},)" + row.entry + R"(,{"id":"b"}],"object":"list"})";
    for (const std::size_t part_bytes : {7, 1'000'000}) {
      const Read list = read(json, bounds(), part_bytes);
      ASSERT_TRUE(list.status.has_value()) << row.why << list.status.error().message;
      ASSERT_EQ(list.models.size(), 2u) << row.why;
      EXPECT_EQ(list.models[1].id, "b");
      EXPECT_EQ(list.notes.text(),
                "1 entry of its list of models is left out; entry 2: " + row.why);
    }
  }
}

TEST(ModelList, CountsWhatItLeavesOutAndTellsOfTheFirst) {
  EXPECT_EQ(read(R"({"data":[1,{"id":"a"},{"id":"\udc00"}]})").notes.text(),
            "2 entries of its list of models are left out; the first is entry 1: it has no id");
  EXPECT_EQ(read(R"({"data":[{"id":"a"}]})").notes.text(), "");
}

TEST(ModelList, IsTakenUpToItsBoundsAndNotOnePast) {
  const auto hits = [](const Read& read, Limit limit) {
    return read.notes.limits == std::vector<Limit>{limit};
  };
  const std::string two = R"({"data":[{"id":"aaaa"},{"id":"bbbb"}]})";
  ListBounds small = bounds();
  small.bytes = two.size();
  EXPECT_EQ(read(two, small, 5).models.size(), 2u);
  --small.bytes;
  const Read longer = read(two, small, 5);
  ASSERT_FALSE(longer.status.has_value());
  EXPECT_EQ(longer.status.error().limit, Limit::kModelListBytes);

  small = bounds();
  small.entries = 2;
  EXPECT_EQ(read(two, small).notes.text(), "");
  small.entries = 1;
  const Read first = read(two, small);
  EXPECT_EQ(first.models.size(), 1u);
  EXPECT_EQ(first.notes.text(), "only the first 1 models of its list are used");
  EXPECT_TRUE(hits(first, Limit::kModelListEntries));

  const std::string one = R"({"data":[{"id":"aaaa","custom_metadata":{"m":[[1]]}}]})";
  const auto taken = [&](auto set, std::size_t value) {
    ListBounds within = bounds();
    set(within) = value;
    return read(one, within);
  };
  const auto entry_bytes = [](ListBounds& b) -> std::size_t& { return b.entry_bytes; };
  EXPECT_EQ(taken(entry_bytes, 43).models.size(), 1u);
  EXPECT_TRUE(hits(taken(entry_bytes, 42), Limit::kModelListEntryBytes));
  const auto id_bytes = [](ListBounds& b) -> std::size_t& { return b.id_bytes; };
  EXPECT_EQ(taken(id_bytes, 4).models.size(), 1u);
  EXPECT_TRUE(hits(taken(id_bytes, 3), Limit::kModelIdBytes));
  const auto metadata_bytes = [](ListBounds& b) -> std::size_t& { return b.metadata_bytes; };
  EXPECT_EQ(taken(metadata_bytes, 11).models.size(), 1u);
  EXPECT_TRUE(hits(taken(metadata_bytes, 10), Limit::kMetadataBytes));
  const auto depth = [](ListBounds& b) -> std::size_t& { return b.json.depth; };
  EXPECT_EQ(taken(depth, 4).models.size(), 1u);
  EXPECT_TRUE(hits(taken(depth, 3), Limit::kJsonDepth));
  const auto values = [](ListBounds& b) -> std::size_t& { return b.json.values; };
  EXPECT_EQ(taken(values, 9).models.size(), 1u);
  EXPECT_TRUE(hits(taken(values, 8), Limit::kJsonValues));
}

// reported-failures 5.17
TEST(ModelList, SaysWhetherAndWhereItGoesOn) {
  const Read on = read(R"({"has_more":true,"data":[{"id":"a"},{"id":"b"}],"last_id":"b\u0021"})");
  EXPECT_TRUE(on.page.has_more);
  EXPECT_EQ(on.page.last_id, "b!");
  // Without a last_id, the last entry's id counts, whether it is known already or not.
  EXPECT_EQ(read(R"({"data":[{"id":"a"},{"id":"b"},{"id":"a"}],"has_more":true})").page.last_id,
            "a");
  for (const char* json : {R"({"data":[]})", R"({"data":[],"has_more":false})",
                           R"({"data":[],"has_more":"yes"})", R"({"data":[],"has_more":tru})"}) {
    EXPECT_FALSE(read(json).page.has_more) << json;
  }
}

}  // namespace
}  // namespace penstock::models
