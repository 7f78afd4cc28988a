/* SPDX-License-Identifier: Apache-2.0 */
/* The target's memory, and the few objects that frames are made of. */
#include "rt/cpython/copy.h"

enum { TYPE_NAME_MAX = 128 };

/* NULL: its bytes are not in one piece, or not there, or each byte that is read counts. */
static const uint8_t *page_at(void *arg, taddr at)
{
    struct rt *rt = arg;
    struct py_page *p = &rt->pages[at / IMAGE_PAGE % PY_PAGES];
    if (space_is_exact(&modules_image(rt->ms)->space))
        return NULL;
    if (p->bytes && p->at == at)
        return p->bytes;
    const uint8_t *bytes =
        rt->copy ? py_copy_page(rt->copy, at) : space_view(&modules_image(rt->ms)->space, at, IMAGE_PAGE);
    if (bytes)
        *p = (struct py_page){.at = at, .bytes = bytes};
    return bytes;
}

size_t py_read_some(struct rt *rt, taddr at, void *buf, size_t n)
{
    size_t done = page_read(page_at, rt, at, buf, n);
    if (done < n && !rt->copy)
        done += modules_read_some(rt->ms, at + done, (uint8_t *)buf + done, n - done);
    return done;
}

bool py_read(struct rt *rt, taddr at, void *buf, size_t n)
{
    return py_read_some(rt, at, buf, n) == n;
}

bool py_uint(struct rt *rt, taddr at, unsigned size, uint64_t *out)
{
    uint8_t b[8];
    if (size > sizeof(b) || !py_read(rt, at, b, size))
        return false;
    struct cursor c = cursor_of((struct bytes){b, size}, at, "memory");
    *out = cursor_uint(&c, size);
    return !c.failed;
}

bool py_field_int(struct rt *rt, taddr object, uint32_t offset, int32_t *out)
{
    uint64_t v;
    if (!object || offset == PY_NONE || !py_uint(rt, object + offset, 4, &v))
        return false;
    *out = (int32_t)(uint32_t)v;
    return true;
}

bool py_field_byte(struct rt *rt, taddr object, uint32_t offset, uint8_t *out)
{
    return object && offset != PY_NONE && py_read(rt, object + offset, out, 1);
}

taddr py_type_of(struct rt *rt, taddr object)
{
    uint64_t type;
    return py_field(rt, object, rt->l.object_type, &type) ? type : 0;
}

bool py_is(struct rt *rt, taddr object, const char *type_name)
{
    char name[TYPE_NAME_MAX];
    uint64_t at;
    size_t n = strlen(type_name) + 1;
    return n <= sizeof(name) && py_field(rt, py_type_of(rt, object), rt->l.type_name, &at) &&
           py_read(rt, at, name, n) && memcmp(name, type_name, n) == 0;
}

bool py_derives(struct rt *rt, taddr object, uint64_t flag)
{
    uint64_t flags;
    return py_field(rt, py_type_of(rt, object), rt->l.type_flags, &flags) && flags & flag;
}
