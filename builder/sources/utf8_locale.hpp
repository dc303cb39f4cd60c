// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"

#include <locale.h>

namespace quoin {

/// While it lives, this thread's character set is UTF-8. libarchive converts the names of pax
/// archives to the locale's character set, and in the C locale drops what is not ASCII.
class Utf8Locale {
  public:
    Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
        if (locale_ == nullptr)
            throw Error("cannot use the locale 'C.UTF-8': it is not installed");
        before_ = uselocale(locale_);
    }
    ~Utf8Locale() {
        uselocale(before_);
        freelocale(locale_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

  private:
    locale_t locale_;
    locale_t before_ = nullptr;
};

} // namespace quoin
