# SPDX-License-Identifier: Apache-2.0
"""A thousand expressions of Go, each as Delve answers it on the same core: delve_values.py. INQUEST_DLV names Delve's
command, else it is looked for in PATH. The newest Delve that Debian has is the rule: `make check-matrix`."""

import pytest

import build
import delve_values
from conftest import INQUEST

VARIANTS = [f"go-{version}{form}" for version in build.GO_VERSIONS for form in ("-plain", "", "-plain-pie")]


@pytest.mark.delve
@pytest.mark.thin
@pytest.mark.parametrize("variant", VARIANTS)
def test_as_delve(lab, variant):
    if not delve_values.delve_command()[0]:
        pytest.skip("dlv is not installed")
    target, core = lab.core(variant, "abort", program="go-values")
    try:
        counts, wrong = delve_values.compare(INQUEST, target.exe, core)
    except delve_values.NoDelve as why:
        pytest.skip(str(why))
    assert not wrong, "\n".join(f"{at}: {e}\n  Delve {theirs}\n  Inquest {ours}" for (at, e), theirs, ours in wrong)
    assert counts["same"] >= (500 if variant.count("-") == 1 else 800), counts  # optimised code keeps less
