// ${file:PATH}: wherever ${env.NAME} works, and nowhere shown.

#include "config/file_reference.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "config/credentials.h"
#include "config/environment.h"
#include "config/loading.h"

namespace penstock::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FileReferenceTest : public ::testing::Test {
 protected:
  FileReferenceTest() { EXPECT_NE(mkdtemp(directory_.data()), nullptr); }
  ~FileReferenceTest() override { std::filesystem::remove_all(directory_); }

  std::string path_of(std::string_view name) const { return directory_ + "/" + std::string(name); }
  // As systemd and Kubernetes lay out a credential: for its owner only.
  std::string write(std::string_view name, std::string_view text) const {
    const std::string path = path_of(name);
    std::ofstream(path, std::ios::binary) << text;
    chmod(path.c_str(), 0400);
    return path;
  }
  std::string reference(std::string_view name, std::string_view text) const {
    return "${file:" + write(name, text) + "}";
  }
  static std::string provider(std::string_view config) {
    return std::string(kOneProvider) + "    config: {" + std::string(config) + "}\n";
  }

 private:
  std::string directory_ = (std::filesystem::temp_directory_path() / "penstock-XXXXXX").string();
};

TEST_F(FileReferenceTest, StandsForTheContentWithoutItsLastLineEnd) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"secret", "secret"},         {"secret\n", "secret"},
      {"secret\r\n", "secret"},     {"a\nb\n\n", "a\nb\n"},
      {" spaced ", " spaced "},     {"~/x", "~/x"},
      {"${env.SET}", "${env.SET}"}, {"\r", "\r"},
  };
  for (const auto& [content, expected] : cases) {
    const Substitution result =
        substitute("<" + reference("f", content) + ">", environment_of({{"SET", "v"}}));
    EXPECT_EQ(result.text, "<" + std::string(expected) + ">");
    EXPECT_EQ(result.malformed, 0u);
    EXPECT_FALSE(result.file_fault);
    std::filesystem::remove(path_of("f"));
  }
}

TEST_F(FileReferenceTest, HasAPathThatVariablesArePartOf) {
  const std::string path = write("upstream-key", "sk-12345678\n");
  const std::string folder = path.substr(0, path.rfind('/'));
  const Environment environment = environment_of(
      {{"CREDENTIALS_DIRECTORY", folder}, {"NAME", "upstream-key"}, {"HOME", folder}});
  for (const std::string_view text :
       {"${file:${env.CREDENTIALS_DIRECTORY}/upstream-key}",
        "${file:${env.CREDENTIALS_DIRECTORY:=/nowhere}/${env.NAME}}",
        "${file:${env.NONE:=~}/${env.NAME:+upstream-key}}", "${file:~/upstream-key}",
        "${file:${env.CREDENTIALS_DIRECTORY}/upstream-key:=default}"}) {
    EXPECT_EQ(substitute(text, environment).text, "sk-12345678") << text;
  }
}

TEST_F(FileReferenceTest, HasADefaultForAFileThatIsAbsentOrEmpty) {
  const std::string set = write("set", "v");
  const std::string empty = write("empty", "\n");
  const std::string none = path_of("none");
  const Environment environment = environment_of({});
  const auto value = [&](const std::string& path, std::string_view operation) {
    return substitute("${file:" + path + std::string(operation) + "}", environment).text;
  };
  EXPECT_EQ(value(set, ":=d"), "v");
  EXPECT_EQ(value(none, ":=d"), "d");
  EXPECT_EQ(value(none, ":="), "");
  EXPECT_EQ(value(empty, ":=d"), "d");
  EXPECT_EQ(value(set + "/below", ":=d"), "d");
  EXPECT_EQ(value("${env.CREDENTIALS_DIRECTORY}/key", ":=d"), "d");
  EXPECT_EQ(value(set, ":+there"), "there");
  EXPECT_EQ(value(none, ":+there"), "");
  EXPECT_EQ(substitute("${file:${env.CREDENTIALS_DIRECTORY}/key}", environment).missing_name,
            "CREDENTIALS_DIRECTORY");
}

TEST_F(FileReferenceTest, WorksWhereverAVariableDoes) {
  const std::string key = reference("key", "sk-12345678\n");
  const std::string id = reference("id", "main");
  const std::string port = reference("port", "9000\n");
  const Settings settings = settings_of(
      "providers:\n  inference:\n"
      "  - provider_id: '" +
      id +
      "'\n"
      "    provider_type: remote::passthrough\n"
      "    config:\n"
      "      base_url: http://" +
      reference("host", "gpu\n") +
      ":8000\n"
      "      api_key: " +
      key +
      "\n"
      "      query: {key: '" +
      key +
      "'}\n"
      "      allowed_models: ['" +
      reference("model", "default") +
      "', '${file:/nowhere:=}']\n"
      "      network: {headers: {X-Api-Key: 'Token " +
      key + "'}, timeout: '" + reference("seconds", "2.5") +
      "'}\n"
      "registered_resources:\n  models:\n"
      "  - {model_id: '" +
      reference("alias", "default") + "', provider_id: '" + id +
      "',\n"
      "     metadata: {a: '" +
      reference("number", "5") +
      "'}}\n"
      "server:\n  port: " +
      port + "\n  api_keys: ['" + reference("client", "sk-client-1\n") + "']\n");
  const Provider& provider = settings.providers.at(0);
  EXPECT_EQ(provider.id, "main");
  EXPECT_EQ(provider.base_url->text(), "http://gpu:8000/v1");
  EXPECT_EQ(provider.api_key.reveal(), "sk-12345678");
  EXPECT_EQ(provider.query.at(0).value.reveal(), "sk-12345678");
  EXPECT_THAT(*provider.allowed_models, ElementsAre("default"));
  EXPECT_EQ(provider.headers.at(0).value.reveal(), "Token sk-12345678");
  EXPECT_EQ(provider.timeouts.connect, milliseconds(2'500));
  EXPECT_EQ(settings.models.at(0).id, "default");
  EXPECT_EQ(settings.models.at(0).metadata, R"({"a":5})");
  EXPECT_EQ(settings.server.port, 9000);
  EXPECT_EQ(settings.server.api_keys.at(0).key.reveal(), "sk-client-1");
}

TEST_F(FileReferenceTest, IsToldWhatIsWrongWithItsFile) {
  const std::string large(FileReference::kBytesMax + 2, 'x');
  const std::pair<std::string, const char*> cases[] = {
      {path_of("none"), "does not exist; create it, or give a default"},
      {write("empty", "\n"), "is empty; write the value into it, or give a default"},
      {write("large", large), "has more than 65536 bytes"},
      {write("binary", std::string_view("a\0b", 3)), "is not text: it has a zero byte"},
      {path_of("."), "is not a regular file"},
  };
  for (const auto& [path, fault] : cases) {
    EXPECT_THAT(texts_of(load(provider("api_key: '${file:" + path + "}'"))),
                ElementsAre(HasSubstr("run.yaml:5:23: providers.inference[0].config.api_key: the "
                                      "file " +
                                      path + " " + fault)));
  }
  const std::string fifo = path_of("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(texts_of(load(provider("api_key: '${file:" + fifo + ":=d}'"))),
              ElementsAre(HasSubstr("is not a regular file")));
}

TEST_F(FileReferenceTest, OfAFileThatThisUserCannotReadHasNoDefault) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read everything";
  const std::string path = write("key", "sk-12345678");
  chmod(path.c_str(), 0000);
  for (const char* end : {"}", ":=default}", ":+there}"}) {
    EXPECT_THAT(texts_of(load(provider("api_key: '${file:" + path + end + "'"))),
                ElementsAre(HasSubstr("cannot be read by this user")))
        << end;
  }
}

// What stands in the place of a path may be the key itself.
TEST_F(FileReferenceTest, IsNotRepeatedInAMessageUnlessItIsAnAbsolutePath) {
  EXPECT_THAT(texts_of(load(provider("api_key: '${file:sk-hunter2}'"))),
              ElementsAre(HasSubstr("config.api_key: this file does not exist")));
}

TEST_F(FileReferenceTest, IsWarnedOfAFileThatEverybodyCanRead) {
  const std::string path = write("key", "sk-12345678\n");
  const std::string folder = path.substr(0, path.rfind('/'));
  const std::string text = provider("api_key: '${file:" + path + "}'");
  EXPECT_THAT(texts_of(load(text)), IsEmpty());
  chmod(path.c_str(), 0644);
  chmod(folder.c_str(), 0755);
  const Loaded loaded = load(text);
  EXPECT_THAT(texts_of(loaded),
              ElementsAre(HasSubstr("warning: providers.inference[0].config.api_key: the file " +
                                    path + " can be read by every user of this machine")));
  EXPECT_TRUE(loaded.settings);
  // Its directory keeps it from the others.
  chmod(folder.c_str(), 0700);
  EXPECT_THAT(texts_of(load(text)), IsEmpty());
}

TEST_F(FileReferenceTest, IsRefusedInAnotherForm) {
  const std::string path = write("key", "sk-12345678");
  const Environment environment = environment_of({{"SET", path}});
  for (const std::string& text : std::vector<std::string>{
           "${file:" + path, "${file:}", "${file:" + path + "}${", "${file:${file:" + path + "}}",
           "${file:${env.set}}", "${file:$HOME/key}", "${env.NONE:=${file:" + path + "}}",
           "${file:/none:=${env.SET}}", "${FILE:" + path + "}", "${file." + path + "}",
           "${file:${env.SET}"}) {
    EXPECT_GE(substitute(text, environment).malformed, 1u) << text;
  }
  EXPECT_THAT(texts_of(load(provider("api_key: '${file:}'"))),
              ElementsAre(HasSubstr("not a reference to an environment variable or a file")));
}

TEST_F(FileReferenceTest, IsNeverShown) {
  const std::string text =
      provider("api_key: '" + reference("a", "hunter2-key-1") + "', base_url: 'http://" +
               reference("b", "hunter2-host") + ":1', query: {team: '" + reference("c", "hunter2") +
               "'}, network: {headers: {X-Team: '" + reference("d", "hunter2-team") + "'}}") +
      "models: [{model_id: m, metadata: {a: '" + reference("e", "hunter2-value") + "'}}]\n" +
      "server: {access_log: '" + reference("f", "/hunter2-log") + "'}\n";
  const Loaded loaded = load(text);
  ASSERT_THAT(texts_of(loaded), IsEmpty());
  const Settings& settings = *loaded.settings;
  const std::string description = describe(settings);
  EXPECT_THAT(description, Not(HasSubstr("hunter2")));
  EXPECT_THAT(description, HasSubstr("base_url: \"http://********:1/v1\"\n"));
  EXPECT_THAT(description, HasSubstr("X-Team: \"********\"\n"));
  EXPECT_THAT(settings.providers.at(0).shown_config, Not(HasSubstr("hunter2")));
  std::string log = "refused hunter2-key-1";
  guard_credentials(settings).mask(log);
  EXPECT_THAT(log, Not(HasSubstr("hunter2-key-1")));
}

TEST_F(FileReferenceTest, IsNotRepeatedInAMessage) {
  const Loaded loaded = load(provider("") + "apis: ['" + reference("api", "hunter2-api") + "']\n");
  EXPECT_THAT(texts_of(loaded), ElementsAre(HasSubstr("not supported: ********;")));
}

TEST_F(FileReferenceTest, IsListedWithItsFile) {
  const std::string key = reference("key", "sk-12345678");
  const Loaded loaded = load(provider("base_url: http://a.test, api_key: '" + key +
                                      "', query: {key: '" + key + "', other: '${file:/none:=}'}"));
  ASSERT_TRUE(loaded.settings);
  const std::vector<FileText>& files = loaded.settings->files;
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, path_of("key"));
  EXPECT_EQ(files[0].text.reveal(), "sk-12345678");
}

}  // namespace
}  // namespace penstock::config
