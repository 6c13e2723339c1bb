#include "wire/bodies/request_session.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "wire/bodies/pinned_ids.h"

namespace penstock::wire {
namespace {

constexpr SessionQuestions kAll = {.prefix_bytes = 4096, .pins = true};

RequestSession session_of(std::string_view body) {
  return read_session(body, kAll);
}

std::optional<std::uint64_t> prefix_of(std::string_view body) {
  return session_of(body).prefix;
}

TEST(RequestSession, HasTheKeyOfThePromptsCache) {
  EXPECT_EQ(session_of(R"({"model":"m", "prompt_cache_key" : "chat-1"})").prompt_cache_key,
            stable_hash("chat-1"));
  EXPECT_EQ(session_of(R"({"prompt_cache_key":"chat\u002d1"})").prompt_cache_key,
            stable_hash("chat-1"));
  EXPECT_EQ(session_of(R"({"prompt\u005fcache_key":"chat-1"})").prompt_cache_key,
            stable_hash("chat-1"));
  for (const std::string_view none :
       {R"({"prompt_cache_key":""})", R"({"prompt_cache_key":null})", R"({"prompt_cache_key":7})",
        R"({"input":{"prompt_cache_key":"x"}})", "{}", "[]", "", "x"}) {
    EXPECT_EQ(session_of(none).prompt_cache_key, std::nullopt) << none;
  }
}

TEST(RequestSession, HasTheUserWhateverTheApiCallsIt) {
  EXPECT_EQ(session_of(R"({"user":"u"})").user, stable_hash("u"));
  EXPECT_EQ(session_of(R"({"metadata":{"a":[],"user_id":"u"}})").user, stable_hash("u"));
  EXPECT_EQ(session_of(R"({"metadata":{"user_id":"m"},"user":"u","safety_identifier":"s"})").user,
            stable_hash("s"));
  EXPECT_EQ(session_of(R"({"metadata":{"user_id":"m"},"user":"u"})").user, stable_hash("u"));
  EXPECT_EQ(session_of(R"({"metadata":"user_id"})").user, std::nullopt);
}

TEST(RequestSession, KnowsWhetherThereAreTools) {
  EXPECT_TRUE(session_of(R"({"tools":[{"type":"function"}]})").has_tools);
  EXPECT_FALSE(session_of(R"({"tools":[ ]})").has_tools);
  EXPECT_FALSE(session_of(R"({"tools":null})").has_tools);
  EXPECT_TRUE(read_session(R"({"tools":[{}]})", {}).has_tools);
}

// Case 44.
TEST(RequestSession, HasOnePrefixInAllTurnsOfAConversation) {
  const std::string chat = R"({"tools":[{"type":"x"}],"messages":[{"role":"system","content")"
                           R"(:"s"},)";
  const auto first = prefix_of(chat + R"({"role":"user","content":"one"}]})");
  ASSERT_TRUE(first);
  EXPECT_EQ(prefix_of(chat + R"({"role":"user","content":"one"},{"role":"assistant","content":)"
                             R"("two"},{"content":"three","role":"user"}],"temperature":1})"),
            first);
  EXPECT_NE(prefix_of(chat + R"({"role":"user","content":"two"}]})"), first);
  EXPECT_NE(prefix_of(R"({"messages":[{"role":"system","content":"s"},)"
                      R"({"role":"user","content":"one"}]})"),
            first);
  EXPECT_NE(prefix_of(R"({"tools":[{"type":"x"}],"messages":[{"role":"user","content":"one"}]})"),
            first);
}

// Claude Code marks the last messages for the cache, and moves the marks with each turn.
TEST(RequestSession, HasOnePrefixWhereverTheMarksOfACacheAre) {
  const std::string front = R"({"system":[{"type":"text","text":"s"}],"messages":[{"role":"user",)"
                            R"("content":[{"type":"text","text":"one")";
  const auto first = prefix_of(front + R"(,"cache_control":{"type":"ephemeral"}}]}]})");
  ASSERT_TRUE(first);
  EXPECT_EQ(prefix_of(front + R"(}]},{"role":"assistant","content":[{"type":"text","text":"x"}]},)"
                              R"({"role":"user","content":[{"type":"text","text":"two",)"
                              R"("cache_control":{"type":"ephemeral"}}]}]})"),
            first);
}

TEST(RequestSession, HasAPrefixInEachApi) {
  EXPECT_TRUE(prefix_of(R"({"input":"hello"})"));
  EXPECT_NE(prefix_of(R"({"input":"hello"})"), prefix_of(R"({"input":"bye"})"));
  EXPECT_EQ(prefix_of(R"({"instructions":"i","input":[{"role":"user","content":[{"type":)"
                      R"("input_text","text":"a"}]}]})"),
            prefix_of(R"({"input":[{"type":"message","role":"user","content":[{"type":)"
                      R"("input_text","text":"a"}]},{"type":"function_call_output","output":"b"}],)"
                      R"("instructions":"i"})"));
  EXPECT_TRUE(prefix_of(R"({"prompt":"def f("})"));
  // A picture alone.
  EXPECT_TRUE(prefix_of(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})"));
  EXPECT_EQ(prefix_of(R"({"model":"m","messages":[]})"), std::nullopt);
  EXPECT_EQ(read_session(R"({"input":"hello"})", {.pins = true}).prefix, std::nullopt);
}

TEST(RequestSession, CutsEachPartOfThePrefix) {
  const auto prefix = [](const std::string& tools, const std::string& user) {
    const std::string body = R"({"tools":[")" + tools +
                             R"("],"messages":[{"role":"user","content":")" + user + R"("}]})";
    return read_session(body, {.prefix_bytes = 100}).prefix;
  };
  const std::string many(200, 'x');
  EXPECT_EQ(prefix(many + "a", many + "a"), prefix(many + "b", many + "b"));
  EXPECT_NE(prefix(many, "a" + many), prefix(many, "b" + many));
  EXPECT_NE(prefix("a" + many, many), prefix("b" + many, many));
}

// The same on every node and in every release: XXH64 of each part by its seed, and stable_mix().
TEST(RequestSession, HasAPrefixThatNeverChanges) {
  const std::uint64_t user = stable_hash("\"hello\"", 3);
  EXPECT_EQ(prefix_of(R"({"input":"hello"})"), stable_mix(stable_mix(1, 2), user));
}

// Cases 46 and 47.
TEST(RequestSession, NamesWhatOnlyOneUpstreamHas) {
  EXPECT_EQ(session_of(R"({"previous_response_id":"resp_1","conversation":"conv_1"})").stored,
            (std::vector{digest_of_id("resp_1"), digest_of_id("conv_1")}));
  EXPECT_EQ(session_of(R"({"conversation":{"id":"conv\u005f1"}})").stored,
            std::vector{digest_of_id("conv_1")});
  EXPECT_TRUE(session_of(R"({"previous_response_id":null,"conversation":{}})").stored.empty());
  const RequestSession responses = session_of(
      R"({"input":[{"role":"user","content":"a"},{"type":"reasoning","id":"rs_1",)"
      R"("encrypted_content":"gAAA\/b","summary":[]},"x",{"type":"item_reference","id":"msg_)"
      R"(1"}]})");
  EXPECT_EQ(responses.items,
            (std::vector{digest_of_id("rs_1"), digest_of_sealed("gAAA/b"), digest_of_id("msg_1")}));
  const RequestSession messages = session_of(
      R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":)"
      R"("thinking","thinking":"t","signature":"Eq=="},{"type":"redacted_thinking","data":"Em"},)"
      R"({"type":"image","data":"x"}]}]})");
  EXPECT_EQ(messages.items, (std::vector{digest_of_sealed("Eq=="), digest_of_sealed("Em")}));
  const std::string_view asked = R"({"previous_response_id":"r","input":[{"id":"i"}]})";
  EXPECT_TRUE(read_session(asked, {.prefix_bytes = 9}).stored.empty());
  EXPECT_TRUE(read_session(asked, {.prefix_bytes = 9}).items.empty());
}

TEST(RequestSession, NamesTheFilesContainersAndVectorStoresThatItUses) {
  EXPECT_EQ(
      session_of(R"({"input":[{"role":"user","content":[{"type":"input_file","file_id":"a"},)"
                 R"({"type":"file","file":{"file_id":"b"}},{"type":"document","source":)"
                 R"({"type":"file","file_id":"c"}},{"file_id":null,"file":{"id":"x"}}]}],)"
                 R"("container":{"id":"d"}})")
          .stored,
      (std::vector{digest_of_id("a"), digest_of_id("b"), digest_of_id("c"), digest_of_id("d")}));
  EXPECT_EQ(session_of(R"({"tools":[{"type":"file_search","vector_store_ids":["a","b"]},{"type":)"
                       R"("code_interpreter","container":"c"},{"container":{"type":"auto"}}],)"
                       R"("container":"d","input_file_id":"e"})")
                .stored,
            (std::vector{digest_of_id("a"), digest_of_id("b"), digest_of_id("c"), digest_of_id("d"),
                         digest_of_id("e")}));
}

TEST(RequestSession, NamesWhatStandsInLists) {
  const auto digests = [](std::initializer_list<std::string_view> ids) {
    std::vector<StableDigest> all;
    for (const std::string_view id : ids) all.push_back(digest_of_id(id));
    return all;
  };
  EXPECT_EQ(session_of(R"({"tools":[{"type":"code_interpreter","container":{"type":"auto",)"
                       R"("file_ids":["a","b",null,{"id":"x"}]}},{"type":"shell","container":)"
                       R"({"id":"c","file_ids":"x"}}]})")
                .stored,
            digests({"a", "b", "c"}));
  // What tools have given.
  EXPECT_EQ(session_of(R"({"input":[{"type":"function_call_output","output":[{"type":"input_file",)"
                       R"("file_id":"a"},{"type":"input_image","file_id":"b"}]},)"
                       R"({"type":"computer_call_output","output":{"type":"computer_screenshot",)"
                       R"("file_id":"c"}},{"type":"code_interpreter_call","container_id":"d"},)"
                       R"({"type":"function_call_output","output":"x"}]})")
                .stored,
            digests({"a", "b", "c", "d"}));
  const RequestSession items =
      read_session(R"({"items":[{"role":"user","content":[{"type":"input_file","file_id":"a"}]},)"
                   R"({"type":"item_reference","id":"i"}]})",
                   {.pins = true});
  EXPECT_EQ(items.stored, digests({"a"}));
  EXPECT_EQ(items.items, digests({"i"}));
  EXPECT_EQ(session_of(R"({"prompt":{"id":"p","variables":{"city":"x","doc":{"type":"input_file",)"
                       R"("file_id":"a"},"more":{"file_id":"b"}}}})")
                .stored,
            digests({"a", "b"}));
}

// Fields of other APIs must not move requests to another target.
TEST(RequestSession, HasNoPrefixOfAConversationsItems) {
  EXPECT_EQ(prefix_of(R"({"items":[{"role":"user","content":"a"}]})"), std::nullopt);
}

TEST(RequestSession, IsBoundedForHostileBodies) {
  std::string many = R"({"input":[)";
  for (int i = 0; i < 500'000; ++i) many += "{},";
  many += R"({"id":"behind"}],"prompt_cache_key":"k","conversation":{"id":"c"}})";
  const RequestSession session = session_of(many);
  EXPECT_TRUE(session.items.empty());
  EXPECT_EQ(session.prompt_cache_key, stable_hash("k"));
  EXPECT_EQ(session.stored, std::vector{digest_of_id("c")});
  std::string ids = R"({"input":[)";
  for (int i = 0; i < 10'000; ++i) ids += R"({"id":"i"},)";
  ids += "{}]}";
  EXPECT_EQ(session_of(ids).items.size(), 4096U);
}

// Of each front and each mutation of a body, whatever the bytes are, it ends.
TEST(RequestSession, EndsForBrokenBodies) {
  const std::string body =
      R"({"tools":[{"a":1}],"input":[{"role":"user","content":[{"text":"x\"","signature":"s"}],)"
      R"("id":"i"}],"metadata":{"user_id":"u"},"conversation":{"id":"c"},"prompt_cache_key":)"
      R"("\u00"})";
  for (std::size_t i = 0; i < body.size(); ++i) {
    session_of(body.substr(0, i));
    for (const char c : {'"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\xFF'}) {
      std::string broken = body;
      broken[i] = c;
      session_of(broken);
    }
  }
}

}  // namespace
}  // namespace penstock::wire
