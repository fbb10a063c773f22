"""What `doctor` says of settings that would let strangers run code."""

from importlib.metadata import requires

import pytest

from datagen.doctor import examine


@pytest.mark.parametrize(("name", "value"), [("RAY_DATA_AUTOLOAD_PYEXTENSIONTYPE", "1"), ("RAY_AUTH_MODE", "disabled")])
def test_settings_that_let_strangers_run_code_fail(monkeypatch, name, value):
    assert not [f for f in examine() if f.level == "fail" and name in f.what]
    monkeypatch.setenv(name, value)
    (finding,) = [f for f in examine() if f.level == "fail" and name in f.what]
    assert name in finding.fix


def test_only_packages_that_were_looked_at_are_counted():
    (told,) = [f.what for f in examine() if f.what.endswith("packages in the versions needed")]
    assert told.split()[0] == str(sum("extra ==" not in r for r in requires("datagen")))
