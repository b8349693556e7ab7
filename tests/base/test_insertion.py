"""Rows put in a table at once are those that were given."""

import duckdb
import pytest

from pipelines.base.insertion import inserer


@pytest.fixture
def table():
    """An empty table of a text, a number and a truth."""
    with duckdb.connect() as connexion:
        connexion.execute("create table essai (mot varchar, nombre bigint, vrai boolean)")
        yield connexion


def lues(table):
    return table.execute("select * from essai").fetchall()


def test_rows_keep_their_order_their_types_and_what_is_unknown(table):
    """Twice given, appended; a column of which nothing is known stays unknown."""
    lignes = [("b", 2, True), ("a", None, False), (None, 1, True)]
    inserer(table, "essai", lignes)
    inserer(table, "essai", iter([["c", None, None]]))
    assert lues(table) == [*lignes, ("c", None, None)]


def test_no_row_is_nothing_to_do(table):
    inserer(table, "essai", [])
    assert lues(table) == []


def test_a_row_that_lacks_a_value_is_refused_and_none_is_written(table):
    with pytest.raises(ValueError, match="zip"):
        inserer(table, "essai", [("a", 1, True), ("b", 2)])
    assert lues(table) == []
