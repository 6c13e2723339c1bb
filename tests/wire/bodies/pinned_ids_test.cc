#include "wire/bodies/pinned_ids.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::wire {
namespace {

using Ids = std::vector<PinnedId>;

PinnedId of_target(std::string_view id) {
  return {digest_of_id(id), PinnedTo::kTarget};
}
PinnedId of_provider(std::string_view id) {
  return {digest_of_id(id), PinnedTo::kProvider};
}
PinnedId sealed(std::string_view content) {
  return {digest_of_sealed(content), PinnedTo::kTarget};
}

TEST(Digest, TellsIdsFromSealedContents) {
  EXPECT_NE(digest_of_id("x"), digest_of_sealed("x"));
  EXPECT_NE(digest_of_id("x"), digest_of_id("y"));
}

TEST(Digest, OfWhatIsSealedIsOfItsFrontAndItsLength) {
  const std::string front(kSealedBytes, 'a');
  EXPECT_EQ(digest_of_sealed(front + "bc"), digest_of_sealed(front + "de"));
  EXPECT_NE(digest_of_sealed(front + "b"), digest_of_sealed(front + "bc"));
  EXPECT_NE(digest_of_sealed("x" + front), digest_of_sealed("y" + front));
}

// https://platform.openai.com/docs/api-reference/responses/object
constexpr std::string_view kResponse =
    R"({"id":"resp_1","object":"response","conversation":{"id":"conv_1"},"metadata":{"id":"m"},)"
    R"("output":[{"id":"rs_1","type":"reasoning","encrypted_content":"gAAA\/","summary":[]},)"
    R"({"type":"message","id":"msg_1","content":[{"type":"output_text","text":"{\"id\":1}"}]}]})";

TEST(IdsOfAnswer, AreThoseOfAResponseAndItsItems) {
  const Ids ids = {of_target("resp_1"), of_provider("conv_1"), of_target("rs_1"), sealed("gAAA/"),
                   of_target("msg_1")};
  EXPECT_EQ(ids_of_answer(kResponse), ids);
  EXPECT_EQ(
      ids_of_answer(R"( {"type":"response.completed","response":)" + std::string(kResponse) + "}"),
      ids);
  EXPECT_EQ(ids_of_answer(R"({"type":"response.created","response":{"id":"resp_1","output":[]}})"),
            Ids{of_target("resp_1")});
  EXPECT_EQ(ids_of_answer(R"({"type":"response.output_item.done","item":{"id":"rs_1",)"
                          R"("encrypted_content":"gAAA/"}})"),
            (Ids{of_target("rs_1"), sealed("gAAA/")}));
}

TEST(IdsOfAnswer, AreThoseOfObjectsThatAProviderStores) {
  for (const std::string_view kind :
       {"file", "batch", "container", "vector_store", "conversation"}) {
    EXPECT_EQ(ids_of_answer(R"({"id":"x_1","object":")" + std::string(kind) + R"("})"),
              Ids{of_provider("x_1")})
        << kind;
  }
  EXPECT_EQ(ids_of_answer(R"({"id":"file_1","type":"file"})"), Ids{of_provider("file_1")});
  EXPECT_EQ(ids_of_answer(R"({"id":"msgbatch_1","type":"message_batch"})"),
            Ids{of_provider("msgbatch_1")});
}

TEST(IdsOfAnswer, AreThoseOfAllThatWasAddedAtOnce) {
  EXPECT_EQ(ids_of_answer(R"({"object":"list","data":[{"type":"message","id":"msg_1"},)"
                          R"({"type":"message","id":"msg_2"}],"first_id":"msg_1"})"),
            (Ids{of_provider("msg_1"), of_provider("msg_2")}));
}

TEST(IdsOfAnswer, AreThoseOfWhatWasMadeAlongWithIt) {
  EXPECT_EQ(ids_of_answer(R"({"object":"response","id":"resp_1","output":[{"type":)"
                          R"("code_interpreter_call","id":"ci_1","container_id":"cntr_1"}]})"),
            (Ids{of_target("resp_1"), of_target("ci_1"), of_provider("cntr_1")}));
  EXPECT_EQ(ids_of_answer(R"({"object":"upload","id":"upload_1","status":"completed","file":)"
                          R"({"id":"file-1","object":"file"}})"),
            (Ids{of_provider("upload_1"), of_provider("file-1")}));
  EXPECT_EQ(ids_of_answer(R"({"object":"upload","id":"upload_1","file":null})"),
            Ids{of_provider("upload_1")});
}

// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
TEST(IdsOfAnswer, AreTheSignaturesOfThoughts) {
  EXPECT_EQ(ids_of_answer(R"({"id":"msg_1","type":"message","content":[{"type":"thinking",)"
                          R"("thinking":"t","signature":"Eq=="},{"type":"redacted_thinking",)"
                          R"("data":"Em"},{"type":"text","text":"x"}],"container":{"id":"con)"
                          R"(t_1"}})"),
            (Ids{sealed("Eq=="), sealed("Em"), of_provider("cont_1")}));
  EXPECT_EQ(ids_of_answer(R"({"type":"content_block_delta","delta":{"type":"signature_delta",)"
                          R"("signature":"Eq=="}})"),
            Ids{sealed("Eq==")});
  EXPECT_EQ(ids_of_answer(R"({"type":"content_block_start","content_block":{"type":)"
                          R"("redacted_thinking","data":"Em"}})"),
            Ids{sealed("Em")});
}

TEST(IdsOfAnswer, AreNoneOfOtherAnswers) {
  for (const std::string_view text :
       {"", "x", "[]", "{}", R"({"id":"chatcmpl-1","object":"chat.completion","choices":[]})",
        R"({"id":7,"object":"response"})", R"({"object":"file"})", R"({"response":"x"})",
        R"({"output":[{"id":"x"}]})", R"({"type":"response.output_text.delta","delta":"x"})"}) {
    EXPECT_TRUE(ids_of_answer(text).empty()) << text;
  }
}

TEST(IdsOfAnswer, AreBoundedAndEndForBrokenTexts) {
  std::string many = R"({"object":"response","output":[)";
  for (int i = 0; i < 5000; ++i) many += R"({"id":"i"},)";
  EXPECT_EQ(ids_of_answer(many + "{}]}").size(), kPinnedIdsMax);
  for (std::size_t i = 0; i < kResponse.size(); ++i) {
    ids_of_answer(kResponse.substr(0, i));
    for (const char c : {'"', '{', '}', '[', ']', ',', '\\', '\xFF'}) {
      std::string broken(kResponse);
      broken[i] = c;
      ids_of_answer(broken);
    }
  }
}

}  // namespace
}  // namespace penstock::wire
