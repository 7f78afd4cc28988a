/* SPDX-License-Identifier: Apache-2.0 */
/* A program in C that calls a library in Go: library.go. */

extern int GoVisit(char *how);

__attribute__((noinline)) static int visit_library(char *how)
{
    return GoVisit(how) + 1;
}

int main(int argc, char **argv)
{
    return argc > 1 ? visit_library(argv[1]) : 2;
}
