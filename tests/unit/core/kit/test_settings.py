from pathlib import Path

import pytest
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings, describe, load


def test_that_nothing_set_gives_the_defaults() -> None:
    assert load({"HOME": "/root"}) == Settings()


def test_that_variables_become_typed_values() -> None:
    settings = load({"HP_PORT": "9000", "HP_DATA_DIR": "/data", "HP_LOG_LEVEL": "debug"})
    assert (settings.port, settings.data_dir, settings.log_level) == (9000, Path("/data"), "debug")


@pytest.mark.parametrize(
    "environ",
    [
        {"HP_PORT": "99999"},
        {"HP_PORT": "eighty"},
        {"HP_DATABASE_URL": "mysql://x"},
        {"HP_NATS_URL": "localhost"},
        {"HP_LOG_LEVEL": "loud"},
        {"HP_DATABSE_URL": "postgresql://x/y"},
    ],
)
def test_that_a_bad_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match=next(iter(environ))):
        load(environ)


def test_that_all_faults_are_told_at_once_and_no_value() -> None:
    with pytest.raises(RefusedError) as refused:
        load({"HP_PORT": "x", "HP_DATABASE_URL": "mysql://user:hunter2@db"})
    assert "HP_PORT" in refused.value.message
    assert "HP_DATABASE_URL" in refused.value.message
    assert "hunter2" not in refused.value.message


def test_that_other_programs_variables_are_left_alone() -> None:
    assert load({"HP_PG_BIN": "/usr/lib/postgresql/15/bin", "HP_RACES": "10"}) == Settings()


def test_that_every_setting_is_described() -> None:
    assert [name for name, _, meaning in describe() if not meaning] == []
    assert len(describe()) == len(Settings.__struct_fields__)
