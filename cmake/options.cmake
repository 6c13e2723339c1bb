# How every target is compiled.
add_library(penstock_options INTERFACE)
target_compile_options(penstock_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wunused)
# Library assertions stay on in releases: a failed one is cheaper than a wrong answer.
target_compile_definitions(penstock_options INTERFACE _GLIBCXX_ASSERTIONS)

if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_options INTERFACE
    -fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(penstock_options INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
else()
  target_compile_options(penstock_options INTERFACE -fstack-protector-strong)
  target_compile_definitions(penstock_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
  target_link_options(penstock_options INTERFACE -Wl,-z,relro,-z,now)
endif()
target_compile_definitions(penstock_options INTERFACE PENSTOCK_VERSION="${PROJECT_VERSION}")
if(PENSTOCK_BUILD_FUZZERS)
  target_compile_options(penstock_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
