#include "config/environment.h"

#include <gtest/gtest.h>

#include "config/loading.h"

namespace penstock::config {
namespace {

const Environment kEnvironment = environment_of({{"SET", "value"},
                                                 {"EMPTY", ""},
                                                 {"PORT", "8321"},
                                                 {"HOME", "/home/op"},
                                                 {"TILDE", "~/x"},
                                                 {"SPACE", " a b "},
                                                 {"NEST", "${env.SET}"}});

TEST(Substitution, GivesWhatTheReferenceGives) {
  // The results of the reference's replace_env_vars() before it derives their types.
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${env.SET}", "value"},
      {"${env.SET:=d}", "value"},
      {"${env.UNSET:=d}", "d"},
      {"${env.EMPTY:=d}", "d"},
      {"${env.UNSET:=}", ""},
      {"${env.SET:+v}", "v"},
      {"${env.UNSET:+v}", ""},
      {"${env.EMPTY:+v}", ""},
      {"${env.SET:+}", ""},
      {"a-${env.SET}-${env.UNSET:=b}-c", "a-value-b-c"},
      {"${env.PORT}", "8321"},
      {"${env.UNSET:=~/data}", "/home/op/data"},
      {"${env.UNSET:=~}", "/home/op"},
      {"${env.TILDE}", "/home/op/x"},
      {"x${env.TILDE}", "x/home/op/x"},
      {"${env.UNSET:=http://h:1/v1}", "http://h:1/v1"},
      {"${env.UNSET:=${env.SET}}", "${env.SET}"},
      {"${env.NEST}", "${env.SET}"},
      {"${env.set}", "${env.set}"},
      {"${env.SET:old}", "${env.SET:old}"},
      {"${env.SET:-d}", "${env.SET:-d}"},
      {"${env.SET", "${env.SET"},
      {"${env.SET:", "${env.SET:"},
      {"${env.", "${env."},
      {"${env.}", "${env.}"},
      {"$${env.SET}", "$value"},
      {"${env.SET}}", "value}"},
      {"${ENV.SET}", "${ENV.SET}"},
      {"${env.SPACE}", " a b "},
      {"${env.UNSET:=a b=c:d}", "a b=c:d"},
      {"${env.UNSET:+v}text", "text"},
      {"${env.UNSET:=x", "${env.UNSET:=x"},
      {"${env.${env.SET}", "${env.value"},
      {"~/y", "~/y"},
      {"", ""},
  };
  for (const auto& [text, expected] : cases) {
    const Substitution result = substitute(text, kEnvironment);
    EXPECT_FALSE(result.missing_name) << text;
    EXPECT_EQ(result.text, expected) << text;
  }
}

TEST(Substitution, NamesAVariableThatIsNotSetOrEmpty) {
  EXPECT_EQ(substitute("${env.UNSET}", kEnvironment).missing_name, "UNSET");
  EXPECT_EQ(substitute("a ${env.SET} ${env.EMPTY}", kEnvironment).missing_name, "EMPTY");
}

TEST(Substitution, CountsWhatLooksLikeAReferenceButIsNone) {
  EXPECT_EQ(substitute("${env.SET} ${env.set} ${env.SET:x}", kEnvironment).malformed, 2u);
  EXPECT_EQ(substitute("${env.UNSET:=${env.SET}}", kEnvironment).malformed, 1u);
  EXPECT_EQ(substitute("${env.SET} pa$$w0rd$", kEnvironment).malformed, 0u);
}

TEST(HomeExpansion, TouchesOnlyTheOwnHome) {
  EXPECT_EQ(expand_home("~", kEnvironment), "/home/op");
  EXPECT_EQ(expand_home("~/a", kEnvironment), "/home/op/a");
  EXPECT_EQ(expand_home("~other/a", kEnvironment), "~other/a");
  EXPECT_EQ(expand_home("/a/~", kEnvironment), "/a/~");
  EXPECT_EQ(expand_home("~/a", environment_of({})), "~/a");
}

// reported-failures 6.6: what other programs would substitute.
TEST(Substitution, CountsReferencesInAnotherProgramsSpelling) {
  for (const std::string_view text :
       {"${OPENAI_API_KEY}", "${env.X:dflt}", "${env.x}", "${env:X}", "${ env.X }", "$X",
        "$openai_api_key", "Bearer $TOKEN", "$HOME/ca.pem", "$(cat key)", "{{X}}",
        "{{ .Values.x }}", "Bearer {{ X }}", "${X:-y}", "sk-${X}", "${env.X", "$${X}",
        "os.environ/OPENAI_API_KEY"}) {
    EXPECT_GE(substitute(text, kEnvironment).malformed, 1u) << text;
  }
}

TEST(Substitution, LeavesOtherDollarSignsAndBracesAlone) {
  for (const std::string_view text :
       {"$", "$$", "pa$WORD", "a$b", "$5", "cost: 5$", "$1abc", "sk-$abc$def", "{x}", "{{", "}}",
        "{% if x %}{{ y }}{% endif %}", "os.environ/", "/etc/os.environ/a", "os.environ/a b",
        "{\"a\":{\"b\":{}}}", "${env.NONE:=$}{X}", "${env.NONE:={}{ X }}"}) {
    EXPECT_EQ(substitute(text, kEnvironment).malformed, 0u) << text;
  }
  EXPECT_EQ(substitute("${env.NONE:=$}{X}", kEnvironment).text, "${X}");
  EXPECT_EQ(substitute("${env.NONE:={}{ X }}", kEnvironment).text, "{{ X }}");
}

}  // namespace
}  // namespace penstock::config
