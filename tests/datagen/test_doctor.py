"""What `doctor` says of settings that would let strangers run code."""

import pytest

from datagen.doctor import examine


@pytest.mark.parametrize(("name", "value"), [("RAY_DATA_AUTOLOAD_PYEXTENSIONTYPE", "1"), ("RAY_AUTH_MODE", "disabled")])
def test_settings_that_let_strangers_run_code_fail(monkeypatch, name, value):
    assert not [f for f in examine() if f.level == "fail" and name in f.what]
    monkeypatch.setenv(name, value)
    (finding,) = [f for f in examine() if f.level == "fail" and name in f.what]
    assert name in finding.fix
