from __future__ import annotations

from decimal import Decimal

import pytest

from analytics.errors import DataError
from analytics.loading import load
from analytics.warehouse import Warehouse

from .conftest import Company

WITH_IDS = "customer_id,date,amount,invoice_id\n"
WITHOUT = "customer_id,date,amount\n"


def _total(company: Company) -> Decimal:
    total: Decimal = company.rows("SELECT sum(amount) FROM invoices")[0][0]
    return total


def test_the_same_file_twice_changes_nothing(company: Company) -> None:
    text = WITHOUT + "A,2026-01-01,1\nA,2026-01-01,1\n"
    first = company.load(invoices=text)
    state = company.state()
    again = company.load(invoices=text)
    assert (first.changed, first.version) == (True, 1)
    assert (again.changed, again.version) == (False, 1)
    assert again.tables[0].skipped_as_known
    assert company.state() == state


def test_the_same_file_under_another_mapping_is_another_load(company: Company) -> None:
    text = "customer_id,date,amount,invoice_id,other\nA,2026-01-01,1,f,5\n"
    company.load(invoices=text)
    done = company.load(map="invoices: {columns: {amount: other}}", invoices=text)
    assert done.changed
    assert _total(company) == 5


def test_a_known_file_counts_again_once_its_rows_were_replaced(company: Company) -> None:
    old, new = WITH_IDS + "A,2026-01-01,1,f\n", WITH_IDS + "A,2026-01-01,2,f\n"
    company.load(invoices=old)
    company.load(invoices=new)
    assert _total(company) == 2
    done = company.load(invoices=old)
    assert not done.tables[0].skipped_as_known
    assert _total(company) == 1
    assert company.rows("SELECT superseded FROM loads ORDER BY load_id") == [
        (True,),
        (True,),
        (False,),
    ]


def test_known_invoices_replace_their_old_lines(company: Company) -> None:
    company.load(invoices=WITH_IDS + "A,2026-01-01,1,f1\nA,2026-01-01,2,f1\nB,2026-01-02,4,f2\n")
    done = company.load(invoices=WITH_IDS + "A,2026-01-01,8,f1\nC,2026-02-01,16,f3\n").tables[0]
    assert done.replaced == 2
    assert _total(company) == 8 + 4 + 16


def test_growing_monthly_exports_never_double(company: Company) -> None:
    rows = [f"A,2026-{month:02d}-15,{month},f{month}\n" for month in range(1, 7)]
    for month in range(1, 7):
        company.load(invoices=WITH_IDS + "".join(rows[:month]))
    assert _total(company) == sum(range(1, 7))


def test_an_overlap_without_ids_is_refused_naming_both_ranges(company: Company) -> None:
    company.load(invoices=WITHOUT + "A,2026-01-01,1\nA,2026-01-31,2\n")
    state = company.state()
    with pytest.raises(DataError) as caught:
        company.load(invoices=WITHOUT + "A,2026-01-31,4\nA,2026-02-28,8\n")
    for part in ("2026-01-31 to 2026-02-28", "2026-01-01 to 2026-01-31", "--replace"):
        assert part in str(caught.value)
    assert company.state() == state


def test_replace_puts_the_new_lines_in_place_of_those_dates(company: Company) -> None:
    company.load(invoices=WITHOUT + "A,2026-01-01,1\nA,2026-01-31,2\n")
    done = company.load(replace=True, invoices=WITHOUT + "A,2026-01-31,4\nA,2026-02-28,8\n").tables[
        0
    ]
    assert done.replaced == 1
    assert _total(company) == 1 + 4 + 8


def test_ranges_that_only_lie_beside_each_other_are_welcome(company: Company) -> None:
    company.load(invoices=WITHOUT + "A,2026-01-01,1\nA,2026-01-31,1\n")
    company.load(invoices=WITHOUT + "A,2026-03-01,1\n")
    company.load(invoices=WITHOUT + "A,2026-02-01,1\nA,2026-02-28,1\n")
    assert _total(company) == 5


@pytest.mark.parametrize(
    ("first", "second"), [(WITHOUT, WITH_IDS), (WITH_IDS, WITHOUT)], ids=["ids-later", "ids-first"]
)
def test_files_with_and_without_ids_may_not_overlap(
    company: Company, first: str, second: str
) -> None:
    rows = {WITHOUT: "A,2026-01-05,1\n", WITH_IDS: "A,2026-01-05,1,f\n"}
    company.load(invoices=first + rows[first])
    with pytest.raises(DataError, match="overlaps"):
        company.load(invoices=second + rows[second])
    company.load(replace=True, invoices=second + rows[second])
    assert _total(company) == 1


def test_activities_follow_the_dates(company: Company) -> None:
    head = "date,user,kind\n"
    company.load(activities=head + "2026-01-01,a@x.nl,call\n2026-01-09,a@x.nl,call\n")
    with pytest.raises(DataError, match="overlaps"):
        company.load(activities=head + "2026-01-05,a@x.nl,call\n")
    done = company.load(
        replace=True, activities=head + "2026-01-05,a@x.nl,call\n2026-01-09,a@x.nl,m\n"
    )
    assert done.tables[0].replaced == 1
    assert company.rows("SELECT count(*) FROM activities") == [(3,)]


def test_keyed_tables_are_updated_by_key(company: Company) -> None:
    company.load(customers="klantnr,naam\nA,oud\nB,blijft\n")
    done = company.load(customers="klantnr,naam\nA,nieuw\nC,erbij\n").tables[0]
    assert (done.accepted, done.replaced) == (2, 1)
    assert company.rows("SELECT customer_id, name FROM customers ORDER BY 1") == [
        ("A", "nieuw"),
        ("B", "blijft"),
        ("C", "erbij"),
    ]


def test_a_keyed_file_updates_only_the_columns_it_has(company: Company) -> None:
    company.load(customers="klantnr,naam,bron,score,hobby\nA,a,Beurs,3,golf\nB,b,Web,4,\n")
    company.load(customers="klantnr,medewerkers,score,auto\nA,12,,Volvo\nC,3,1,\n")
    assert company.rows(
        "SELECT customer_id, name, source, employees, facts FROM customers ORDER BY 1"
    ) == [
        ("A", "a", "Beurs", 12, '{"hobby": "golf", "auto": "Volvo"}'),
        ("B", "b", "Web", None, '{"score": 4}'),
        ("C", None, None, 3, '{"score": 1}'),
    ]


def test_an_empty_cell_in_a_column_the_file_has_clears_it(company: Company) -> None:
    company.load(customers="klantnr,naam,bron\nA,a,Beurs\n")
    company.load(customers="klantnr,naam,bron\nA,,Beurs\n")
    assert company.rows("SELECT name, source FROM customers") == [(None, "Beurs")]


def test_with_replace_absent_columns_are_emptied(company: Company) -> None:
    company.load(customers="klantnr,naam,hobby\nA,a,golf\nB,b,golf\n")
    company.load(replace=True, customers="klantnr,medewerkers\nA,12\n")
    assert company.rows("SELECT customer_id, name, employees, facts FROM customers") == [
        ("A", None, 12, None)
    ]


def test_two_files_of_one_call_fill_in_each_other(company: Company) -> None:
    company.load(customers="klantnr,bron\nA,Web\n")
    files = [
        ("customers", company.file("names.csv", "klantnr,naam,hobby\nA,a,golf\n")),
        ("customers", company.file("sizes.csv", "klantnr,medewerkers\nA,12\n")),
    ]
    load(company.home, files, replace=True)
    assert company.rows("SELECT name, source, employees, facts FROM customers") == [
        ("a", None, 12, '{"hobby": "golf"}')
    ]


def test_an_invoice_cut_over_two_files_of_one_call_is_kept_whole(company: Company) -> None:
    files = [
        ("invoices", company.file("1.csv", WITH_IDS + "A,2026-01-01,1,f1\nA,2026-01-31,2,f2\n")),
        ("invoices", company.file("2.csv", WITH_IDS + "A,2026-01-31,4,f2\nA,2026-02-01,8,f3\n")),
    ]
    done = load(company.home, files)
    assert [t.replaced for t in done.tables] == [0, 0]
    assert _total(company) == 15
    assert not load(company.home, files).changed


def test_exports_of_one_call_that_overlap_do_not_double(company: Company) -> None:
    rows = ["A,2026-01-01,1,f1\n", "A,2026-01-31,2,f2\n", "A,2026-02-01,4,f3\n"]
    files = [
        ("invoices", company.file(f"{n}.csv", WITH_IDS + "".join(rows[:n]))) for n in (2, 3, 1)
    ]
    load(company.home, files)
    assert _total(company) == 7


def test_with_replace_the_file_is_the_whole_table(company: Company) -> None:
    company.load(customers="klantnr,naam\nA,oud\nB,weg\n")
    done = company.load(replace=True, customers="klantnr,naam\nA,nieuw\nC,erbij\n").tables[0]
    assert done.replaced == 2
    assert company.rows("SELECT customer_id FROM customers ORDER BY 1") == [("A",), ("C",)]


def test_replace_with_a_known_file_still_removes_what_others_brought(company: Company) -> None:
    text = "klantnr,naam\nA,a\n"
    company.load(customers=text)
    company.load(customers="klantnr,naam\nB,b\n")
    assert company.load(replace=True, customers=text).changed
    assert company.rows("SELECT customer_id FROM customers") == [("A",)]
    assert not company.load(replace=True, customers=text).changed


def test_replace_with_a_known_file_is_nothing_new_beside_other_dates(company: Company) -> None:
    january, march = WITHOUT + "A,2026-01-01,1\n", WITHOUT + "A,2026-03-01,2\n"
    company.load(invoices=january)
    company.load(invoices=march)
    assert not company.load(replace=True, invoices=january).changed
    assert _total(company) == 3


def test_files_of_one_call_are_the_whole_together(company: Company) -> None:
    company.load(customers="klantnr\nOUD\n")
    files = [("customers", company.file(f"{k}.csv", f"klantnr\n{k}\n")) for k in ("A", "B")]
    load(company.home, files, replace=True)
    assert company.rows("SELECT customer_id FROM customers ORDER BY 1") == [("A",), ("B",)]


def test_two_files_of_one_call_may_not_overlap_even_with_replace(company: Company) -> None:
    files = [
        ("invoices", company.file(f"{k}.csv", WITHOUT + f"{k},2026-01-05,1\n")) for k in ("A", "B")
    ]
    with pytest.raises(DataError, match=r"B.csv .* overlaps A.csv"):
        load(company.home, files, replace=True)


def test_of_one_key_in_a_file_the_last_line_counts(company: Company) -> None:
    done = company.load(
        deals="deal_id,status,created\n1,open,\n2,open,\n1,won,2026-01-01\n"
    ).tables[0]
    assert (done.accepted, done.quarantined) == (2, 1)
    assert "the last line counts" in str(done.reasons[0])
    assert done.reasons[0].first_line == 2
    assert company.rows("SELECT status FROM deals WHERE deal_id = '1'") == [("won",)]


def test_a_line_that_is_refused_does_not_push_out_an_earlier_one(company: Company) -> None:
    done = company.load(deals="deal_id,status,created\n1,open,\n1,???,\n").tables[0]
    assert (done.accepted, done.quarantined) == (1, 1)


def test_all_tables_of_a_call_or_none(company: Company) -> None:
    company.load(customers="klantnr\nA\n")
    state = company.state()
    with pytest.raises(DataError, match="no column for"):
        company.load(customers="klantnr\nB\n", invoices="x,y\n1,2\n")
    assert company.state() == state


def test_after_sees_the_new_rows_and_its_failure_undoes_them(company: Company) -> None:
    company.load(customers="klantnr\nA\n")
    state = company.state()
    seen: list[object] = []

    def snapshot(warehouse: Warehouse) -> None:
        seen.append(warehouse.backend().table("customers").count().to_pyarrow().as_py())
        seen.append(warehouse.version)
        raise RuntimeError("no snapshot")

    with pytest.raises(RuntimeError, match="no snapshot"):
        company.load(customers="klantnr;naam\nB;b\nC;c;d\n", after=snapshot)
    assert seen == [2, 2]
    assert company.state() == state
    names = sorted(path.name for path in (company.home / "quarantine").iterdir())
    assert names == ["refused-customers.csv"]


def test_after_runs_once_a_change_and_not_without(company: Company) -> None:
    calls: list[int] = []
    for _ in range(2):
        company.load(customers="klantnr\nA\n", after=lambda w: calls.append(w.version))
    assert calls == [1]


def test_loads_are_recorded(company: Company) -> None:
    company.load(invoices=WITH_IDS + "A,2026-01-01,1,f\nA,2026-01-01,1,f\nA,nooit,1,g\n")
    assert company.rows(
        "SELECT load_id, table_name, file_name, accepted, quarantined, equal_lines, replaced,"
        " quarantine_file, superseded FROM loads"
    ) == [(1, "invoices", "invoices.csv", 2, 1, 1, 0, "quarantine/1-invoices.csv", False)]


def test_invoices_of_unknown_customers_and_circular_parents_are_fine(company: Company) -> None:
    done = company.load(
        customers="klantnr,moeder\nA,B\nB,A\nC,C\n", invoices=WITH_IDS + "Z,2026-01-01,1,f\n"
    )
    assert [t.accepted for t in done.tables] == [3, 1]
