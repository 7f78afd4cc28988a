/* SPDX-License-Identifier: Apache-2.0
 *
 * Globals and locals of every kind that C has, for tests of types, values and expressions.
 *
 *   values abort     fill them in and die in inner()
 *   values hang      the same, but print "ready" and wait there
 *
 * The way down is main, outer, middle, inner.
 */
#define _GNU_SOURCE
#include <complex.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <unistd.h>
#include <wchar.h>

#define NOINLINE __attribute__((noinline))
/* Keeps a value, and what it points to, from being removed. */
#define KEEP(value) __asm__ volatile("" : : "g"(&(value)) : "memory")

/* Numbers. */
char g_char = 'A', g_char_nul = 0, g_char_newline = '\n', g_char_quote = '\'', g_char_high = (char)0xe9;
signed char g_schar = -5;
unsigned char g_uchar = 200;
short g_short = -1234;
unsigned short g_ushort = 65535;
int g_int = -42, g_int_min = INT32_MIN;
unsigned int g_uint = 4000000000u;
long g_long = -5000000000l;
unsigned long g_ulong = 18000000000000000000ul;
long long g_llong = INT64_MIN;
unsigned long long g_ullong = UINT64_MAX;
__int128 g_int128 = ((__int128)-1 << 100) + 7;
unsigned __int128 g_uint128 = ((unsigned __int128)0x0123456789abcdefull << 64) | 0xfedcba9876543210ull;
_Bool g_true = 1, g_false = 0;
int8_t g_int8 = -7;
uint8_t g_uint8 = 65;
uint64_t g_uint64 = 1;
size_t g_size = 77;

float g_float = 1.5f, g_float_third = 1.0f / 3.0f, g_float_big = 1e30f, g_float_zero = 0.0f, g_float_neg = -0.0f;
double g_double = 3.141592653589793, g_double_tenth = 0.1, g_double_int = 5.0, g_double_big = 1e100,
       g_double_small = 5e-324, g_double_inf = __builtin_inf(), g_double_ninf = -__builtin_inf(),
       g_double_nan = __builtin_nan(""), g_double_million = 1000000.0, g_double_long = 123456789012345680.0;
long double g_ldouble = 2.718281828459045235360287471352662498L, g_ldouble_int = 3.0L, g_ldouble_big = 1e4000L;
#ifdef __DEC64_MAX__ /* not clang */
_Decimal32 g_decimal = 1.20DF, g_decimal_zero = 0.DF;
_Decimal64 g_decimal64 = -123456789012345.6DD, g_decimal_large = 1e20DD, g_decimal_small = 0.0000001DD,
           g_decimal_point = 0.000001DD, g_decimal_most = 9999999999999999e300DD;
_Decimal128 g_decimal128 = 1.234567890123456789012345678901234DL;
#endif
float _Complex g_cfloat = 1.0f + 2.0f * I;
double _Complex g_cdouble = -1.5 + 0.25 * I;
long double _Complex g_cldouble = 1.0L - 1.0L * I;

/* Enumerations. */
enum plain { PLAIN_ZERO, PLAIN_ONE, PLAIN_TEN = 10, PLAIN_NEGATIVE = -3 };
enum flags { FLAG_A = 1, FLAG_B = 2, FLAG_C = 4, FLAG_D = 16 };
enum masks { MASK_NONE, MASK_LOW = 1, MASK_MIDDLE = 6, MASK_HIGH = 8 };
enum plain g_plain = PLAIN_TEN, g_plain_negative = PLAIN_NEGATIVE, g_plain_unknown = (enum plain)77;
enum flags g_flags = FLAG_A | FLAG_C, g_flags_unknown = (enum flags)(FLAG_A | 8), g_flags_none = (enum flags)0,
           g_flags_one = FLAG_B, g_flags_only_unknown = (enum flags)32;
enum masks g_masks = MASK_MIDDLE | MASK_HIGH, g_masks_none = MASK_NONE, g_masks_part = (enum masks)3;

/* Text. */
char g_text[] = "hello, world";
char g_text_room[32] = "short";
char g_text_escapes[] = "tab\t newline\n quote\" backslash\\ bell\a esc\033 del\177 high\351\302\251";
char g_text_repeats[] = "abcxxxxxxxxxxxxxxxxxxxxdef";
char g_text_all_repeats[64] = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
char g_text_unended[4] = {'a', 'b', 'c', 'd'};
char g_text_zeros[40];
char g_text_inner[24] = "one\0two\0three";
char g_text_long[400];
char g_text_digits[] = "\0011\0022x\003";
unsigned char g_bytes[6] = {1, 2, 3, 0xff, 0, 65};
signed char g_schars[3] = {-1, 0, 1};
int8_t g_int8s[3] = {-1, 66, 1};
const char *g_string = "a constant string";
char *g_string_null = NULL;
char *g_string_bad = (char *)16;
const char *g_string_empty = "";
const char *g_string_long;
const char *g_strings[4] = {"one", "two", NULL, "four"};
unsigned char *g_ustring = (unsigned char *)"unsigned";
wchar_t g_wchar = L'w', g_wide[] = L"wide \x4e2d\x6587 text";
const wchar_t *g_wide_pointer = L"pointed \x20ac";
char16_t g_char16 = u'\x20ac', g_text16[] = u"sixteen \x20ac";
char32_t g_char32 = U'\x1f600', g_text32[] = U"thirty-two \x1f600";
const char16_t *g_text16_pointer = u"u16";
const char32_t *g_text32_pointer = U"u32";

/* Arrays. */
int g_ints[5] = {1, 2, 3, 4, 5};
int g_zeros[300];
int g_repeats[30] = {1, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 2, 3, 3};
int g_many[250];
int g_nine[9] = {5, 5, 5, 5, 5, 5, 5, 5, 5};
int g_ten[10] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
int g_grid[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}};
int g_cube[2][2][2] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
int g_same_rows[12][3];
char g_words[3][8] = {"alpha", "beta", "gamma"};
char g_same_words[12][4];
int g_huge[1000000];
double g_doubles[3] = {1.0, 2.5, -0.125};
void *g_pointers[3] = {NULL, g_ints, (void *)0x1234};
_Bool g_bools[3] = {1, 0, 1};
enum plain g_plains[3] = {PLAIN_ONE, PLAIN_TEN, PLAIN_ZERO};
extern int g_unknown_size[];
int g_unknown_size[] = {8, 9};
int g_no_elements[0];
typedef int vector_int __attribute__((vector_size(16)));
typedef float vector_float __attribute__((vector_size(32)));
vector_int g_vector_int = {1, 2, 3, 4};
vector_float g_vector_float = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f};

/* Records. */
struct point {
    int x, y;
};
struct line {
    struct point from, to;
    const char *label;
    double width;
};
struct node {
    int value;
    struct node *next, *previous;
};
struct bits {
    unsigned first : 3;
    int second : 5;
    unsigned long long third : 40;
    _Bool flag : 1;
    enum flags few : 5;
    unsigned : 7;
    signed char last : 4;
};
union number {
    int i;
    float f;
    unsigned char bytes[4];
};
struct nested {
    struct {
        int in_anonymous;
        union {
            int as_int;
            char as_chars[4];
        };
    };
    union number number;
    struct {
        short a, b;
    } named;
};
struct flexible {
    int count;
    int items[];
};
struct flexible_text {
    size_t length;
    char text[];
};
struct empty {};
struct handlers {
    int (*compare)(const void *, const void *);
    void (*notify)(struct node *, int);
    void (*none)(void);
    void *context;
};
struct packed {
    char c;
    int i;
    short s;
} __attribute__((packed));
struct deep {
    struct {
        struct {
            struct {
                int bottom;
            } three;
        } two;
    } one;
};
typedef struct {
    int x;
} unnamed_t;
struct opaque;

struct point g_point = {3, -4};
struct line g_line = {{0, 1}, {2, 3}, "a line", 2.5};
struct node g_node_b, g_node_a = {1, &g_node_b, NULL};
struct node g_node_b = {2, NULL, &g_node_a};
struct bits g_bits = {5, -3, 0x123456789aull, 1, FLAG_A | FLAG_D, -2};
union number g_number = {.f = 1.0f};
struct nested g_nested = {{{1}}, {2}, {3, 4}};
struct empty g_empty;
struct packed g_packed = {'p', 1234567, -9};
struct deep g_deep = {{{{42}}}};
unnamed_t g_unnamed = {6};
struct point g_points[3] = {{1, 2}, {3, 4}, {5, 6}};
struct point g_same_points[20];
struct point *g_point_pointer = &g_point, *g_point_null = NULL, *g_point_bad = (struct point *)0x10;
struct flexible *g_flexible;
struct flexible_text *g_flexible_text;
struct opaque *g_opaque;
union number *g_number_pointer = &g_number;

/* Pointers. */
void *g_void = &g_int;
int *g_int_pointer = &g_ints[2];
int **g_int_pointer_pointer = &g_int_pointer;
const volatile int *g_cv_pointer = &g_int;
int (*g_array_pointer)[5] = &g_ints;
char **g_string_pointer = (char **)&g_strings[0];
uintptr_t g_address = (uintptr_t)&g_int;

NOINLINE static int compare_ints(const void *a, const void *b)
{
    int x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return x - y;
}

NOINLINE void notify(struct node *n, int how)
{
    n->value += how;
}

NOINLINE static struct point *make(char *text, ...)
{
    return text ? &g_point : NULL;
}

int (*g_function)(const void *, const void *) = compare_ints;
void (*g_function_void)(struct node *, int) = notify;
struct point *(*g_function_variadic)(char *, ...) = make;
void (*g_function_null)(void);
void (*g_functions[2])(struct node *, int) = {notify, NULL};
int (*(*g_function_returning)(int))(const void *, const void *);
struct handlers g_handlers = {compare_ints, notify, NULL, &g_node_a};

const int g_const = 9;
volatile int g_volatile = 10;
static int s_static = 11;
_Atomic int g_atomic = 12;
_Thread_local int t_thread = 13;
static _Thread_local struct point t_point = {14, 15};
const struct point *const g_const_pointer = &g_point;

NOINLINE static void stop(const char *how)
{
    if (strcmp(how, "hang") == 0) {
        puts("ready");
        fflush(stdout);
        for (;;)
            pause();
    }
    abort();
}

NOINLINE static int inner(int n, const char *text, struct point p, struct line *line, double d, const char *how)
{
    static int calls = 3;
    int table[n];
    char buffer[n * 2];
    struct point here = p, *there = &here;
    register int in_register = n * 3;
    vector_int lanes = {n, n + 1, n + 2, n + 3};
    long double wide = (long double)d * 2;
    for (int i = 0; i < n; i++)
        table[i] = i * i;
    memset(buffer, 'b', sizeof(buffer));
    buffer[n] = 0;
    calls++;
    t_thread++;
    KEEP(table);
    KEEP(buffer);
    KEEP(here);
    KEEP(there);
    KEEP(lanes);
    KEEP(wide);
    {
        int n = 99; /* hides the argument */
        struct nested local = g_nested;
        KEEP(n);
        KEEP(local);
        stop(how);
    }
    return in_register + calls + text[0] + line->to.x;
}

NOINLINE static int middle(struct line line, unsigned char small, _Bool yes, enum flags flags, float f, const char *how)
{
    char text[] = "middle's text";
    union number number = {.f = f};
    int grid[2][3] = {{small, yes, flags}, {1, 2, 3}};
    struct bits bits = g_bits;
    KEEP(text);
    KEEP(number);
    KEEP(grid);
    KEEP(bits);
    int got = inner(7, text, line.from, &line, (double)f * 2, how);
    KEEP(got);
    return got;
}

NOINLINE static int outer(int argc, char **argv)
{
    long count = argc;
    const char *name = argv[0];
    KEEP(count);
    KEEP(name);
    int got = middle(g_line, 250, true, FLAG_B | FLAG_D, 1.25f, argv[argc - 1]);
    return got + (int)count;
}

static void fill(void)
{
    memset(g_text_long, 'q', sizeof(g_text_long) - 1);
    for (size_t i = 0; i + 1 < sizeof(g_text_long); i += 7)
        g_text_long[i] = (char)('a' + i / 7 % 26);
    g_string_long = g_text_long;
    for (int i = 0; i < 250; i++)
        g_many[i] = i;
    for (int i = 0; i < 1000000; i++)
        g_huge[i] = i / 15;
    memset(g_same_words, 'w', sizeof(g_same_words));
    for (size_t i = 0; i < 12; i++)
        g_same_words[i][3] = 0;
    g_flexible = malloc(sizeof(*g_flexible) + 3 * sizeof(int));
    if (!g_flexible)
        exit(1);
    g_flexible->count = 3;
    for (int i = 0; i < 3; i++)
        g_flexible->items[i] = i + 10;
    g_flexible_text = malloc(sizeof(*g_flexible_text) + 8);
    if (!g_flexible_text)
        exit(1);
    g_flexible_text->length = 4;
    memcpy(g_flexible_text->text, "flex", 5);
    g_opaque = (struct opaque *)g_flexible;
    g_vector_int[3] = s_static;
}

int main(int argc, char **argv)
{
    if (argc != 2 || (strcmp(argv[1], "abort") != 0 && strcmp(argv[1], "hang") != 0)) {
        fprintf(stderr, "usage: values abort|hang\n");
        return 2;
    }
    fill();
    return outer(argc, argv) + t_point.x;
}
