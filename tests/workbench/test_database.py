"""The test database is the real one: PostgreSQL 18 with the production's sort order."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_postgresql_18_sorts_and_folds_as_production_does() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int")
        assert cursor.fetchone()[0] >= 180000
        cursor.execute("select upper('straße'), 'ä' > 'z'")
        assert cursor.fetchone() == ("STRASSE", True)
        cursor.execute("select datlocprovider, encoding from pg_database where datname = current_database()")
        assert cursor.fetchone() == ("b", 6)
