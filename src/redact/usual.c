/* SPDX-License-Identifier: Apache-2.0 */
/* What secrets look like: a table, and what an expression cannot say of them.
 *
 * Forms are those that the services document for those who search for leaked keys. */
#include "redact/priv.h"

#define WORD_CHARS "A-Za-z0-9_"
/* What a value written behind a name may have: all that is printed, but what surely ends it. Rather too much is written
 * over than the rest of a password left. */
#define VALUE_CHARS "!#-;=?-~"

/* ---- numbers of payment cards (ISO/IEC 7812: the issuer's digits first, a check digit last) ---- */

enum { CARD_MIN = 13, CARD_MAX = 19 };

static bool luhn(const uint8_t *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned d = digits[n - 1 - i];
        if (i % 2)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

struct issuer {
    uint16_t low, high; /* the first four digits */
    uint32_t lengths; /* a bit each */
};
#define LENGTH(n) (UINT32_C(1) << (n))
static const struct issuer issuers[] = {
    {2221, 2720, LENGTH(16)},
    {3400, 3499, LENGTH(15)},
    {3528, 3589, LENGTH(16) | LENGTH(17) | LENGTH(18) | LENGTH(19)},
    {3600, 3699, LENGTH(14)},
    {3700, 3799, LENGTH(15)},
    {3800, 3899, LENGTH(14)},
    {4000, 4999, LENGTH(13) | LENGTH(16) | LENGTH(19)},
    {5100, 5599, LENGTH(16)},
    {6011, 6011, LENGTH(16) | LENGTH(19)},
    {6221, 6229, LENGTH(16) | LENGTH(19)},
    {6440, 6599, LENGTH(16) | LENGTH(19)},
};

static bool of_an_issuer(const uint8_t *digits, size_t n)
{
    unsigned first = digits[0] * 1000u + digits[1] * 100u + digits[2] * 10u + digits[3];

    for (size_t i = 0; i < ARRAY_LEN(issuers); i++)
        if (first >= issuers[i].low && first <= issuers[i].high && issuers[i].lengths & LENGTH(n))
            return true;
    return false;
}

static bool is_digit(int32_t c)
{
    return c >= '0' && c <= '9';
}

/* Digits, single blanks or hyphens between them. The number begins with the piece and is the longest that fits; a digit
 * before or behind it makes it another number. */
static bool is_card(struct piece *p)
{
    uint8_t digits[CARD_MAX];
    size_t n = 0, end = 0;

    if (p->start >= p->width && is_digit(unit_at(p->w, p->start - p->width, p->width)))
        return false;
    for (size_t at = p->start; at < p->end && n < CARD_MAX; at += p->width) {
        int32_t c = unit_at(p->w, at, p->width), next = unit_at(p->w, at + p->width, p->width);
        if (!is_digit(c) && !is_digit(next))
            break;
        if (!is_digit(c))
            continue;
        digits[n++] = (uint8_t)(c - '0');
        if (n >= CARD_MIN && !is_digit(next) && of_an_issuer(digits, n) && luhn(digits, n))
            end = at + p->width;
    }
    p->end = end;
    return end != 0;
}

/* ---- others ---- */

/* "://user:secret@host": without the '@' it is a port, or no URL. */
static bool ends_at_host(struct piece *p)
{
    return unit_at(p->w, p->end, p->width) == '@';
}

/* What follows the key's last line is not of it. */
static bool up_to_footer(struct piece *p)
{
    struct charset hyphen = charset_of("-", false);
    size_t five = 5u * p->width;

    for (size_t at = p->start; at + five <= p->end; at += p->width)
        if (run_end(p->w, at, p->width, &hyphen, 5) == at + five) {
            p->end = at;
            break;
        }
    return true;
}

/* Words follow "bearer", too; tokens have digits. */
static bool has_digit(struct piece *p)
{
    for (size_t at = p->start; at < p->end; at += p->width)
        if (is_digit(unit_at(p->w, at, p->width)))
            return true;
    return false;
}

/* The same letters inside of a longer word are something else. */
static bool begins_word(struct piece *p)
{
    struct charset word = charset_of(WORD_CHARS, false);

    return p->start < p->width || run_end(p->w, p->start - p->width, p->width, &word, 1) == p->start - p->width;
}

/* A printf() format is no value. */
static bool is_value(struct piece *p)
{
    return unit_at(p->w, p->start, p->width) != '%' || p->end - p->start > 4u * p->width;
}

/* ---- the table ---- */

const struct rule usual_rules[] = {
    {.name = "private key",
     .anchor = "-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----",
     .tail = "A-Za-z0-9+/=:,.\\ \t\r\n-",
     .min = 16,
     .max = 8192,
     .judge = up_to_footer},
    {.name = "private key", .anchor = "AGE-SECRET-KEY-1", .tail = "A-Z0-9", .min = 16, .max = 100},
    {.name = "AWS key id",
     .anchor = "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
     .back = 20,
     .tail = "A-Z0-9",
     .max = 12,
     .judge = begins_word},
    {.name = "GitHub token", .anchor = "gh[pousr]_", .tail = WORD_CHARS, .min = 30, .max = 255},
    {.name = "GitHub token", .anchor = "github_pat_", .tail = WORD_CHARS, .min = 22, .max = 255},
    {.name = "GitLab token", .anchor = "glpat-", .tail = WORD_CHARS ".-", .min = 20, .max = 300},
    {.name = "Slack token", .anchor = "xox[abeoprs]-", .tail = "A-Za-z0-9-", .min = 10, .max = 255},
    {.name = "Slack token", .anchor = "xapp-", .tail = "A-Za-z0-9-", .min = 16, .max = 255},
    {.name = "Slack webhook",
     .anchor = "hooks\\.slack\\.com/(?:services|workflows)/",
     .tail = "A-Za-z0-9/_-",
     .min = 10,
     .max = 255},
    {.name = "Google key", .anchor = "AIza", .tail = WORD_CHARS "-", .min = 35, .max = 39},
    {.name = "Stripe key", .anchor = "[prs]k_(?:live|test)_", .tail = "A-Za-z0-9", .min = 10, .max = 255},
    {.name = "npm token", .anchor = "npm_", .tail = "A-Za-z0-9", .min = 36, .max = 64},
    {.name = "JSON web token", .anchor = "eyJ", .back = 3, .tail = WORD_CHARS ".=-", .min = 20, .max = 8192},
    {.name = "bearer token",
     .anchor = "bearer[ \\t]{1,2}",
     .any_case = true,
     .tail = "A-Za-z0-9._~+/=-",
     .min = 12,
     .max = 8192,
     .judge = has_digit},
    {.name = "authorization",
     .anchor = "authorization[\"']?[ \\t]{0,2}[:=][ \\t]{0,2}[\"']?(?:basic|bearer|digest|token|negotiate)[ \\t]{1,2}",
     .any_case = true,
     .tail = "A-Za-z0-9._~+/=-",
     .min = 4,
     .max = 8192},
    {.name = "password",
     .anchor = "(?:password|passwd|passphrase|pass|pwd|secret|token|credential|api[_-]?key|access[_-]?key|"
               "private[_-]?key|account[_-]?key|auth[_-]?key|signing[_-]?key|encryption[_-]?key)s?"
               "\\\\?[\"']?[ \\t]{0,2}(?:=|:|:=|=>)[ \\t]{0,2}\\\\?[\"']?",
     .any_case = true,
     .tail = VALUE_CHARS,
     .beyond = true,
     .min = 1,
     .max = 1024,
     .judge = is_value},
    {.name = "password in a URL",
     .anchor = "[a-z0-9]://[^\\x00-\\x20/:@\"'<>\\x7f-\\xff]{0,64}:",
     .any_case = true,
     .tail = "!#$%&'()*+,.0-9;=?A-Z\\^_`a-z{|}~-",
     .beyond = true,
     .min = 1,
     .max = 256,
     .judge = ends_at_host},
    {.name = "card number",
     .anchor = "[2-6][0-9]{5}",
     .back = 6,
     .tail = "0-9 -",
     .min = 7,
     .max = 32,
     .judge = is_card},
    {.name = "card number",
     .anchor = "[2-6][0-9]{3}[ -][0-9]{2}",
     .back = 7,
     .tail = "0-9 -",
     .min = 7,
     .max = 32,
     .judge = is_card},
};
const size_t usual_rules_n = ARRAY_LEN(usual_rules);
