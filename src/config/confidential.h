#pragma once

// What must not be shown of a configuration: its credentials, and what `${file:…}` stands for.

#include <span>

#include "config/file_reference.h"
#include "config/settings.h"
#include "core/confidential.h"

namespace penstock::config {

// The contents of files, and the names of hosts in them: those are shown apart from the rest, as a
// URL is put into its normal form, and a list is taken apart.
HiddenTexts hidden_texts_of(std::span<const FileText> files);

// Of the configuration, and of the files that it was read with.
Confidential confidential_of(const Settings& settings);

}  // namespace penstock::config
