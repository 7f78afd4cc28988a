/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of expressions, written as (operator operand operand). */
#include "base/text.h"
#include "unit.h"
#include "value/expr_parse.h"

static const char *const op_text[] = {
    [OP_COMMA] = ",",
    [OP_ASSIGN] = "=",
    [OP_OR_OR] = "||",
    [OP_AND_AND] = "&&",
    [OP_OR] = "|",
    [OP_XOR] = "^",
    [OP_AND] = "&",
    [OP_EQ] = "==",
    [OP_NE] = "!=",
    [OP_LT] = "<",
    [OP_GT] = ">",
    [OP_LE] = "<=",
    [OP_GE] = ">=",
    [OP_SHL] = "<<",
    [OP_SHR] = ">>",
    [OP_AT] = "@",
    [OP_ADD] = "+",
    [OP_SUB] = "-",
    [OP_MUL] = "*",
    [OP_DIV] = "/",
    [OP_REM] = "%",
    [OP_NOT] = "!",
    [OP_COMPL] = "~",
    [OP_INC] = "++",
    [OP_DEC] = "--",
    [OP_DOT] = ".",
    [OP_ARROW] = "->",
    [OP_RANGE] = "..",
    [OP_RANGE_INCLUSIVE] = "..=",
};

static const char *const kind_text[] = {
    [NODE_UNARY] = "u",          [NODE_POSTFIX] = "post",       [NODE_TERNARY] = "?",
    [NODE_CAST] = "cast",        [NODE_SIZEOF] = "sizeof",      [NODE_ALIGNOF] = "alignof",
    [NODE_MEMBER] = "member",    [NODE_INDEX] = "[]",           [NODE_MEMBER_POINTER] = ".*",
    [NODE_RANGE] = "range",      [NODE_CALL] = "call",          [NODE_LIST] = "list",
    [NODE_FILL] = "fill",        [NODE_PLACE] = "place",        [NODE_TYPE_OF] = "typeof",
    [NODE_TYPE_POINTER] = "ptr", [NODE_TYPE_REFERENCE] = "ref", [NODE_TYPE_RVALUE_REFERENCE] = "rref",
    [NODE_TYPE_ARRAY] = "array", [NODE_TYPE_FUNCTION] = "fn",   [NODE_TYPE_MEMBER] = "memptr",
};

static void dump(struct text *t, const struct node *n);

static void dump_children(struct text *t, const struct node *n)
{
    const struct node *children[] = {n->a, n->b, n->c};
    for (size_t i = 0; i < 3; i++) {
        if (children[i]) {
            text_putc(t, ' ');
            dump(t, children[i]);
        }
    }
    for (const struct node_link *l = n->list; l; l = l->next) {
        text_putc(t, ' ');
        dump(t, l->node);
    }
}

static void dump(struct text *t, const struct node *n)
{
    switch (n->kind) {
    case NODE_INT:
        text_printf(t, "%llu%s", (unsigned long long)n->u, n->text);
        return;
    case NODE_FLOAT:
        text_printf(t, "%Lg%s", n->f, n->text);
        return;
    case NODE_CHAR:
        text_printf(t, "'%llx'", (unsigned long long)n->u);
        return;
    case NODE_STRING:
        text_printf(t, "\"");
        text_put_escaped(t, n->text, n->n);
        text_printf(t, "\"");
        return;
    case NODE_BOOL:
        text_put(t, n->u ? "true" : "false");
        return;
    case NODE_NAME:
        text_printf(t, "%s%s%s%s", n->file ? n->file : "", n->file ? "|" : "", n->text, n->entry ? "@entry" : "");
        return;
    case NODE_DOLLAR:
        text_printf(t, "$%s", n->text);
        return;
    case NODE_TYPE_BASE:
    case NODE_TYPE_NAME:
        text_printf(t, "%s%s", n->tag ? "tag:" : "", n->text);
        return;
    case NODE_TYPE_QUALIFIED:
        if (n->qualifiers == 0) {
            dump(t, n->a);
            return;
        }
        text_printf(t, "(%s%s", n->qualifiers & QUALIFIER_CONST ? "const" : "",
                    n->qualifiers & QUALIFIER_VOLATILE ? "volatile" : "");
        break;
    case NODE_BINARY:
        text_printf(t, "(%s", op_text[n->op]);
        break;
    case NODE_ASSIGN:
        text_printf(t, "(%s%s", op_text[n->op], n->op == OP_ASSIGN ? "" : "=");
        break;
    default:
        text_printf(t, "(%s", kind_text[n->kind]);
        if (n->kind == NODE_UNARY || n->kind == NODE_POSTFIX || n->kind == NODE_RANGE)
            text_printf(t, "%s", op_text[n->op]);
        if (n->kind == NODE_MEMBER || n->kind == NODE_TYPE_MEMBER)
            text_printf(t, "%s%s", n->kind == NODE_MEMBER ? op_text[n->op] : " ", n->text);
    }
    dump_children(t, n);
    text_putc(t, n->variadic ? '+' : ')');
    if (n->variadic)
        text_putc(t, ')');
}

/* T and anything that begins with T_, or is a template of it, is a type; known_... an object. */
static struct err *classify(void *arg, const char *name, enum name_class *out)
{
    (void)arg;
    const char *last = strrchr(name, ':');
    last = last ? last + 1 : name;
    if (strcmp(last, "T") == 0 || strncmp(last, "T_", 2) == 0 || strncmp(last, "T<", 2) == 0)
        *out = NAME_TYPE;
    else if (strncmp(last, "known", 5) == 0)
        *out = NAME_OBJECT;
    else
        *out = NAME_UNKNOWN;
    return NULL;
}

static void check(enum expr_language language, const char *text, const char *want)
{
    struct arena a = {0};
    struct text got = {0};
    struct parser p = {.classify = classify};
    const struct node *n;
    struct err *e = parse_expression(&p, &a, text, language, &n);
    if (e)
        text_put(&got, e->msg);
    else
        dump(&got, n);
    err_free(e);
    assert_string_equal(text_str(&got), want);
    text_done(&got);
    arena_done(&a);
}
#define C(text, want) check(EXPR_C, text, want)
#define CXX(text, want) check(EXPR_CXX, text, want)
#define RUST(text, want) check(EXPR_RUST, text, want)

static void literals(void **state)
{
    (void)state;
    C("42", "42");
    C("0x1fUL", "31ul");
    C("017", "15");
    C("0b101", "5");
    C("0d12", "12");
    C("18446744073709551615", "18446744073709551615");
    C("18446744073709551616", "column 1: numeric constant too large");
    C("08", "column 1: invalid number \"08\"");
    C("12ab", "column 1: invalid number \"12ab\"");
    C("1.5", "1.5");
    C(".5f", "0.5f");
    C("1e3", "1000");
    C("0x1p3", "8");
    C("1.5L", "1.5l");
    C("'a'", "'61'");
    C("'\\n'", "'a'");
    C("'\\x41'", "'41'");
    C("'\\101'", "'41'");
    C("L'\xc3\xa9'", "'e9'");
    C("''", "column 1: a character constant must contain at least one character");
    C("'abc'", "abc");
    C("\"a\\tb\" \"c\"", "\"a\\tbc\"");
    C("\"abc", "column 1: unterminated string in expression");
    C("$rip", "$rip");
    C("$", "$");
    C("$$2", "$$2");
}

static void operators(void **state)
{
    (void)state;
    C("1+2*3", "(+ 1 (* 2 3))");
    C("1-2-3", "(- (- 1 2) 3)");
    C("a||b&&c|d^e&f==g<h<<i@j+k*l", "(|| a (&& b (| c (^ d (& e (== f (< g (<< h (@ i (+ j (* k l)))))))))))");
    C("a ? b : c ? d : e", "(? a b (? c d e))");
    C("a = b += 1", "(= a (+= b 1))");
    C("-a.b[3]->c++", "(u- (post++ (member->c ([] (member.b a) 3))))");
    C("!*p", "(u! (u* p))");
    C("&a[1]", "(u& ([] a 1))");
    C("a, b", "(, a b)");
    C("f(1, x)", "(call f 1 x)");
    C("arr[0]@10", "(@ ([] arr 0) 10)");
    C("*argv@argc", "(@ (u* argv) argc)");
    C("a < b", "(< a b)");
    C("{1, 2}", "(list 1 2)");
    C("1 2", "column 3: a syntax error in expression, near `2'");
    C("1 +", "column 4: the expression ends too early");
    C("(1", "column 3: the expression ends too early");
    C("a #", "column 3: invalid character '#' in expression");
    CXX("not a and b", "(&& (u! a) b)");
    CXX("p->*q", "(.* p q)");
    C("x@entry + 1", "(+ x@entry 1)");
}

static void types(void **state)
{
    (void)state;
    C("(int) x", "(cast int x)");
    C("(T) -x", "(cast T (u- x))");
    C("(x) - y", "(- x y)");
    C("(T *) x", "(cast (ptr T) x)");
    C("(struct node **) 0", "(cast (ptr (ptr tag:node)) 0)");
    C("sizeof(int)*2", "(* (sizeof int) 2)");
    C("sizeof 1 + 1", "(+ (sizeof 1) 1)");
    C("sizeof (x)[1]", "(sizeof ([] x 1))");
    C("sizeof(int [3][4])", "(sizeof (array (array int 4) 3))");
    C("(int (*)(char, ...)) p", "(cast (ptr (fn int char+)) p)");
    C("int (*[3])(void)", "(array (ptr (fn int)) 3)");
    C("unsigned long int", "unsigned long int");
    C("const char *const", "(const (ptr (const char)))");
    C("{T *} 0x10 + 1", "(+ (place (ptr T) 16) 1)");
    C("int *", "(ptr int)");
    C("(int[2]) x", "(cast (array int 2) x)");
    C("__typeof__(x) *", "(ptr (typeof x))");
    CXX("static_cast<T *>(x)->y", "(member->y (cast (ptr T) x))");
    CXX("ns::T<int, T_a<2> >::x + 1", "(+ ns::T<int, T_a<2> >::x 1)");
    CXX("ns::T<int>", "ns::T<int>");
    CXX("a<b>c", "(> (< a b) c)");
    CXX("int T::*", "(memptr T int)");
    CXX("(void (T::*)(int) const) 0", "(cast (memptr T (fn void int)) 0)");
    CXX("T & (*)(T &&)", "(ptr (fn (ref T) (rref T)))");
    CXX("int(3)", "(cast int 3)");
    CXX("decltype(x)", "(typeof x)");
    CXX("(int", "column 5: the expression ends too early");
}

static void names(void **state)
{
    (void)state;
    C("'file.c'::x", "file.c|x");
    C("file.c::x", "file.c|x");
    C("known.c::x", "(member.c::x known)");
    C("fn::count", "fn::count");
    CXX("::x", "::x");
    CXX("'fn(int)'", "fn(int)");
    CXX("'fn(int)'::x", "fn(int)::x");
    CXX("a.Base::b", "(member.Base::b a)");
    CXX("A::operator+", "A::operator+");
    CXX("A::operator[]", "A::operator[]");
    CXX("&A::~A", "(u& A::~A)");
}

static void rust(void **state)
{
    (void)state;
    RUST("x as u8 + 1", "(+ (cast u8 x) 1)");
    RUST("a::b::<u8>::c", "a::b<u8>::c");
    RUST("t.0.1", "(member.1 (member.0 t))");
    RUST("v[1..3]", "([] v (range.. 1 3))");
    RUST("v[..]", "([] v (range..))");
    RUST("&mut x", "(u& x)");
    RUST("*self.p", "(u* (member.p self))");
    RUST("[1, 2, 3]", "(list 1 2 3)");
    RUST("[0u8; 4]", "(fill 0u8 4)");
    RUST("p as *const Vec<u8, A>", "(cast (ptr Vec<u8, A>) p)");
    RUST("p as &[u8]", "(cast &[u8] p)");
    RUST("p as &str", "(cast &str p)");
    RUST("a & b == c", "(== (& a b) c)");
    RUST("'x'", "'78'");
    RUST("b\"ab\"", "\"ab\"");
    RUST("1_000i64", "1000i64");
    RUST("1..2", "(range.. 1 2)");
    RUST("1.5f32", "1.5f32");
    RUST("true && !false", "(&& true (u! false))");
    RUST("sizeof(u8)", "(sizeof u8)");
    RUST("x = 5", "(= x 5)");
}

static void limits(void **state)
{
    (void)state;
    enum { N = 20000 };
    static char text[N + 1];
    static const char *const repeated[] = {"(",     "*",       "-",  "a[", "a.b(", "(int(*)",
                                           "{int}", "sizeof(", "a?", "a=", "::"};
    for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
        size_t n = strlen(repeated[i]);
        for (size_t at = 0; at + n <= N; at += n)
            memcpy(text + at, repeated[i], n);
        for (int language = EXPR_C; language <= EXPR_RUST; language++) {
            struct arena a = {0};
            struct parser p = {.classify = classify};
            const struct node *out;
            assert_err(parse_expression(&p, &a, text, (enum expr_language)language, &out), ERR_USAGE);
            arena_done(&a);
        }
    }
}

RUN_TESTS(cmocka_unit_test(literals), cmocka_unit_test(operators), cmocka_unit_test(types), cmocka_unit_test(names),
          cmocka_unit_test(rust), cmocka_unit_test(limits))
