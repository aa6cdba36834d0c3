from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.channels import CHANNELS, channel_of
from analytics.demo import DEFAULT_SEED, Company, Shape, write_company
from analytics.demo.story import RAW_SOURCES
from analytics.schema import ROLES, STATUSES, TABLES

TODAY = dt.date(2026, 11, 4)
SEEDS = (DEFAULT_SEED, 2, 6, 9, 12, 18, 29, 38, 42)
OWN_CHANNELS = {"outbound", "cold_call", "event", "tender", "social"}


@dataclass(frozen=True)
class Written:
    company: Company
    tables: dict[str, pd.DataFrame]

    @property
    def invoices(self) -> pd.DataFrame:
        return self.tables["invoices"]

    @property
    def customers(self) -> pd.DataFrame:
        return self.tables["customers"]

    @property
    def deals(self) -> pd.DataFrame:
        return self.tables["deals"]

    def revenue(self, years_ago: int = 0) -> pd.Series:
        """Net revenue a known customer in twelve months, the largest first."""
        lines, end = self.invoices, self.invoices.date.max()
        newest = end - pd.DateOffset(months=12 * years_ago)
        oldest = end - pd.DateOffset(months=12 * years_ago + 12)
        inside = lines[(lines.date > oldest) & (lines.date <= newest) & (lines.customer_id != "")]
        return inside.groupby("customer_id").amount.sum().sort_values(ascending=False)

    def top(self, years_ago: int = 0) -> list[str]:
        revenue = self.revenue(years_ago)
        return list(revenue.index[: int((revenue.cumsum() < 0.8 * revenue.sum()).sum()) + 1])

    def top_mix(self) -> pd.Series:
        channel = self.customers.set_index("customer_id").source.map(channel_of)
        mix = self.revenue()[self.top()].groupby(channel.reindex(self.top())).sum()
        mix = mix.drop("unknown", errors="ignore")
        return mix / mix.sum()

    def pipeline_mix(self) -> pd.Series:
        deals = self.deals[self.deals.status == "open"]
        mix = deals.groupby(deals.source.map(channel_of)).amount.sum()
        mix = mix.drop("unknown", errors="ignore")
        return mix / mix.sum()

    def alignment(self) -> float:
        return float(1 - self.top_mix().sub(self.pipeline_mix(), fill_value=0).abs().sum() / 2)

    def quiet(self) -> dict[str, tuple[int, float]]:
        """Quiet customers as DESIGN defines them: id to days silent and the median gap."""
        found = {}
        for customer, lines in self.invoices[self.invoices.customer_id != ""].groupby(
            "customer_id"
        ):
            days = np.sort(lines.date.unique())
            gaps = np.diff(days) / np.timedelta64(1, "D")
            silent = (self.invoices.date.max() - days[-1]).days
            if len(days) >= 5 and silent > max(3 * np.median(gaps), np.quantile(gaps, 0.95)):
                found[str(customer)] = (silent, float(np.median(gaps)))
        return found


def read(folder: Path, company: Company) -> Written:
    tables = {
        name: pd.read_csv(
            folder / f"{name}.csv", sep=";", decimal=",", keep_default_na=False,
            na_values={"amount": [""], "closed": [""]}, parse_dates=dates,
        )
        for name, dates in {
            "customers": ["since"], "invoices": ["date"], "deals": ["created", "closed"],
            "people": [], "activities": ["date"],
        }.items()
    }  # fmt: skip
    return Written(company, tables)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Written]:
    written = {}
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"company{seed}")
        written[seed] = read(folder, write_company(folder, seed=seed, today=TODAY))
    return written


@pytest.fixture(params=SEEDS)
def written(request: pytest.FixtureRequest, made: dict[int, Written]) -> Written:
    return made[request.param]


@pytest.fixture
def default(made: dict[int, Written]) -> Written:
    return made[DEFAULT_SEED]


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    story = write_company(first, seed=7, today=TODAY).story
    assert write_company(second, seed=7, today=TODAY).story == story
    write_company(other, seed=8, today=TODAY)
    for name in TABLES:
        content = (first / f"{name}.csv").read_bytes()
        assert content == (second / f"{name}.csv").read_bytes()
        assert content != (other / f"{name}.csv").read_bytes()


@pytest.mark.parametrize(
    "today",
    [dt.date(2026, 11, 9), dt.date(2028, 2, 29), dt.date(2025, 12, 31), dt.date(2026, 8, 16)],
)
def test_another_day_moves_the_same_company_in_time(
    tmp_path: Path, today: dt.date, default: Written
) -> None:
    company = write_company(tmp_path, seed=DEFAULT_SEED, today=today)
    moved = read(tmp_path, company)
    assert company.story == default.company.story
    assert moved.invoices.date.max().date() == company.data_date
    assert 1 <= (today - company.data_date).days <= 3
    assert company.data_date.weekday() < 5
    assert moved.top() == default.top()


def test_every_column_of_the_contract_that_is_needed_is_there(written: Written) -> None:
    for name, table in TABLES.items():
        columns = set(written.tables[name].columns)
        assert set(table.required) <= columns, name
        if not table.keeps_facts:
            assert columns <= {column.name for column in table.columns}, name
        if table.key:
            assert written.tables[name][table.key].is_unique
            assert (written.tables[name][table.key] != "").all()
    assert set(written.deals.status) == set(STATUSES)
    assert set(written.tables["people"].role) == set(ROLES)
    assert set(written.invoices.currency) == {"EUR"}


def test_facts_for_the_ballotage_are_partly_filled(written: Written) -> None:
    for fact in ("decision_maker_met", "budget_known", "price_only", "delivery_fit"):
        shares = written.deals[fact].value_counts(normalize=True)
        assert set(shares.index) == {"ja", "nee", ""}
        assert shares.min() > 0.05


def test_no_date_lies_after_the_data_date(written: Written) -> None:
    data_date = pd.Timestamp(written.company.data_date)
    for name in ("customers", "invoices", "deals", "activities"):
        table = written.tables[name]
        for column in set(table.columns) & {"since", "date", "created", "closed"}:
            assert table[column].max() <= data_date, (name, column)
    assert written.invoices.date.max() == data_date
    assert written.invoices.date.min() > data_date - pd.DateOffset(months=36)
    assert written.customers.since.min() > data_date - pd.DateOffset(years=20, days=3)


def test_references_point_to_rows_that_exist(written: Written) -> None:
    customers = written.customers.set_index("customer_id")
    ids, users = set(customers.index), set(written.tables["people"].user)
    assert set(written.invoices.customer_id) <= ids | {""}
    assert set(written.deals.customer_id) <= ids | {""}
    assert set(customers.parent_id) <= ids | {""}
    activities = written.tables["activities"]
    assert set(activities.deal_id) <= set(written.deals.deal_id) | {""}
    assert set(activities.customer_id) <= ids | {""}
    assert set(activities.user) | set(written.deals.owner) | set(customers.owner) <= users
    introduced = customers[customers.referred_by != ""]
    assert len(introduced) >= 8
    assert (customers.since.reindex(introduced.referred_by).values < introduced.since.values).all()
    assert set(introduced.source.map(channel_of)) == {"referral"}


def test_a_customer_is_billed_only_once_it_is_one(written: Written) -> None:
    first = written.invoices[written.invoices.customer_id != ""].groupby("customer_id").date.min()
    since = written.customers.set_index("customer_id").since
    # Both fall back from a weekend to its Friday.
    assert ((first - since.reindex(first.index)).dt.days >= -2).all()
    assert written.customers.name.is_unique


def test_deals_close_after_they_open_and_won_ones_are_customers(written: Written) -> None:
    deals = written.deals
    assert deals.closed.notna().equals(deals.status != "open")
    closed = deals[deals.status != "open"]
    assert (closed.closed >= closed.created).all()
    assert (deals[deals.status == "won"].customer_id != "").all()
    assert (deals.prospect != "").all()
    counts = deals.status.value_counts()
    assert counts["won"] >= 100
    assert counts["lost"] >= 100
    assert 55 <= counts["open"] <= 95
    assert deals[deals.status == "open"].amount.notna().mean() >= 0.8
    assert deals[deals.status != "open"].amount.notna().all()


def test_lines_look_like_those_of_a_ledger(written: Written) -> None:
    lines = written.invoices
    credit = lines[lines.amount < 0]
    assert 0.002 < len(credit) / len(lines) < 0.05
    assert credit.invoice_id.str.startswith("C").all()
    assert (lines.groupby("invoice_id").customer_id.nunique() == 1).all()
    assert (lines.groupby("invoice_id").date.nunique() == 1).all()
    loose = lines[lines.customer_id == ""].amount.sum() / lines.amount.sum()
    assert 0.002 < loose < 0.04
    assert (written.revenue() < 0).sum() == 1


def test_people_have_three_roles(written: Written) -> None:
    people = written.tables["people"]
    roles = people.role.value_counts()
    assert roles["mt"] == 2
    assert roles["admin"] == 1
    assert 4 <= roles["sales"] <= 6
    assert people.user.str.fullmatch(r"[a-z.]+@[a-z]+\.example").all()
    assert set(people.locale) == {"nl", "en"}
    assert people.time_zone.str.startswith("Europe/").all()
    assert set(written.tables["activities"].user) == set(people[people.role == "sales"].user)
    kinds = set(written.tables["activities"].kind)
    assert {"call", "meeting", "referral_asked", "trade_fair"} <= kinds


def test_the_data_tell_the_story(written: Written) -> None:
    story, revenue, top = written.company.story, written.revenue(), written.top()
    assert revenue.index[0] == story.largest.id
    assert revenue.iloc[0] / revenue.sum() == pytest.approx(story.largest_share, abs=0.01)
    assert len(top) / len(revenue) == pytest.approx(story.top_share, abs=0.03)
    assert revenue.sum() == pytest.approx(story.yearly_revenue, rel=0.02)
    growth = revenue.sum() / written.revenue(1).sum() - 1
    assert growth == pytest.approx(story.growth, abs=0.05)
    before = written.top(1)
    assert story.newcomer.id in top
    assert story.newcomer.id not in before
    assert story.leaver.id not in top
    assert story.leaver.id in before
    open_deals = written.deals[(written.deals.status == "open") & (written.deals.customer_id == "")]
    assert story.prospect in set(open_deals.prospect)
    brought = written.customers[written.customers.referred_by != ""].referred_by.value_counts()
    assert brought[story.introducer.id] == brought.max()


def test_the_shape_shows_in_the_concentration(written: Written) -> None:
    revenue = written.revenue()
    largest, share = revenue.iloc[0] / revenue.sum(), len(written.top()) / len(revenue)
    match written.company.story.shape:
        case Shape.HEALTHY:
            assert largest < 0.2
            assert 0.03 <= share <= 0.30
        case Shape.DEPENDENT:
            assert largest > 0.2
            assert share <= 0.30
        case Shape.FLAT:
            assert largest < 0.05
            assert share >= 0.5


def test_a_quiet_client_is_quiet_and_no_other_big_one_is(written: Written) -> None:
    story, quiet = written.company.story, written.quiet()
    ranks = {customer: rank for rank, customer in enumerate(written.revenue().index, 1)}
    big = {customer for customer in quiet if ranks.get(customer, 999) <= 10}
    if story.quiet is None:
        assert big == set()
        return
    assert big == {story.quiet.id}
    assert ranks[story.quiet.id] == story.quiet_rank
    silent, gap = quiet[story.quiet.id]
    assert silent == pytest.approx(story.quiet_days, abs=2)
    assert gap == pytest.approx(story.quiet_rhythm, abs=2)


def test_seeds_tell_different_stories(made: dict[int, Written]) -> None:
    stories = [written.company.story for written in made.values()]
    assert {story.shape for story in stories} == set(Shape)
    assert {story.aligned for story in stories} == {True, False}
    assert {story.quiet is None for story in stories} == {True, False}
    assert len({story.hunting_channels[0] for story in stories}) >= 3
    assert len({written.company.name for written in made.values()}) == len(SEEDS)


def test_a_team_hunts_where_its_story_says(written: Written) -> None:
    story, pipeline = written.company.story, written.pipeline_mix()
    assert pipeline.reindex(story.hunting_channels).sum() > 0.4
    if story.aligned:
        assert written.alignment() > 0.45


def test_the_default_company_is_the_one_of_the_readme(default: Written) -> None:
    revenue, top, story = default.revenue(), default.top(), default.company.story
    assert 140 <= len(revenue) <= 160
    assert 0.098 <= len(top) / len(revenue) <= 0.138
    assert 0.08 <= revenue.iloc[0] / revenue.sum() <= 0.12
    assert 8e6 <= revenue.sum() <= 9e6
    assert default.top_mix().reindex(["network", "referral"]).sum() > 0.6
    channel = default.customers.set_index("customer_id").source.map(channel_of)
    assert 2 <= (channel[top] == "partner").sum() <= 3
    assert story.hunting_channels[0] == "event"
    assert default.pipeline_mix().reindex(sorted(OWN_CHANNELS)).sum() > 0.55
    assert 0.25 <= default.alignment() <= 0.45
    assert story.quiet is not None
    assert 55 <= story.quiet_days <= 66


def test_facts_known_before_closing_tell_wins_from_losses(default: Written) -> None:
    closed = default.deals[default.deals.status != "open"]
    facts = ["decision_maker_met", "budget_known", "price_only", "delivery_fit"]
    codes = pd.concat(
        [pd.get_dummies(closed[facts]), pd.get_dummies(closed.source.map(channel_of))], axis=1
    ).astype(float)
    won = (closed.status == "won").to_numpy()
    order = np.argsort(closed.created.to_numpy(), kind="stable")
    train, later = order[: len(order) * 7 // 10], order[len(order) * 7 // 10 :]
    # The ridge regression in closed form is model enough to show that there is a signal.
    centred = codes.to_numpy() - codes.to_numpy()[train].mean(axis=0)
    past = centred[train]
    weights = np.linalg.solve(past.T @ past + 10 * np.eye(past.shape[1]), past.T @ won[train])
    score = centred[later] @ weights
    ahead = score[won[later]][:, None] > score[~won[later]][None, :]
    assert 0.62 < ahead.mean() < 0.82


def test_every_way_to_write_a_source_is_read_as_its_channel() -> None:
    for channel, ways in RAW_SOURCES.items():
        assert channel in CHANNELS
        assert {channel_of(source) for way in ways for source in way} == {channel}
