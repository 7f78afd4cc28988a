/* SPDX-License-Identifier: Apache-2.0 */
/* A C program with an interpreter inside: embed PROGRAM ARGUMENT... runs PROGRAM as Python's -c would a text.
 * Linked with a libpython; what is used of it has been the same since 3.6 and is declared here, so that no headers are
 * needed. */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

void Py_Initialize(void);
void PySys_SetArgv(int argc, wchar_t **argv);
int PyRun_SimpleString(const char *text);
wchar_t *Py_DecodeLocale(const char *text, size_t *size);
/* Gone in some versions from the headers, not from the library. */
int Py_FinalizeEx(void);

static volatile int served;

static int serve(const char *text)
{
    int result = PyRun_SimpleString(text);
    served++;
    return result;
}

static char *text_of(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "r");
    if (!text || !file || fread(text, 1, (1 << 20) - 1, file) == 0)
        exit(2);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    Py_Initialize();
    wchar_t *words[8];
    int n = 0;
    for (int i = 1; i < argc && n < 8; i++)
        words[n++] = Py_DecodeLocale(argv[i], NULL);
    PySys_SetArgv(n, words);
    int result = serve(text_of(argv[1]));
    return result ? 1 : Py_FinalizeEx();
}
