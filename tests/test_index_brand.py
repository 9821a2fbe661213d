import pytest

from index.brand import BrandRules, names_query
from index.query import parse_query


@pytest.fixture
def rules():
    return BrandRules(
        name="Adler Post",
        query=parse_query('"Adler Post" OR adlerpost* OR (adler AND paket)'),
        exclusions=parse_query('"Adler Apotheke" OR zoo'),
        competitors={"Falke Versand": parse_query("falke"), "Spatz": parse_query("spatz AND NOT vogel")},
    )


def test_own_brand_and_competitors_are_found_with_their_places(rules):
    text = "Die ADLER-POST war langsam, Falke schneller. AdlerPostler sagen nichts."
    found = rules.match({"text": text})
    assert found.brands == ("Adler Post", "Falke Versand")
    assert not found.excluded
    assert [(term.brand, term.term) for term in found.matched] == [
        ("Adler Post", "ADLER-POST"),
        ("Adler Post", "AdlerPostler"),
        ("Falke Versand", "Falke"),
    ]
    for term in found.matched:
        assert text[term.start : term.end] == term.term


def test_exclusion_keeps_our_brand_away_but_no_competitor(rules):
    found = rules.match({"text": "Adler Paket im Zoo: Der Falke fliegt."})
    assert found.excluded
    assert found.brands == ("Falke Versand",)
    assert {term.brand for term in found.matched} == {"Falke Versand"}


def test_exclusion_of_a_text_that_is_not_ours_is_none(rules):
    found = rules.match({"text": "Ein Tag im Zoo."})
    assert (found.brands, found.matched, found.excluded) == ((), (), False)


def test_brand_in_the_title_alone_has_no_place_in_the_text(rules):
    found = rules.match({"title": "Adler Post verliert Sendung", "text": "Wie kann das sein?"})
    assert found.brands == ("Adler Post",)
    assert found.matched == ()


def test_alternatives_that_do_not_hold_mark_nothing(rules):
    found = rules.match({"text": "Ein Paket von der Adler Post."})
    assert [term.term for term in found.matched] == ["Paket", "Adler Post"]
    found = rules.match({"text": "Ein Adler, und die Adlerpost war zu."})
    assert [term.term for term in found.matched] == ["Adlerpost"]


def test_negated_parts_of_a_query_mark_nothing(rules):
    found = rules.match({"text": "Spatz hat geliefert."})
    assert [(term.brand, term.term) for term in found.matched] == [("Spatz", "Spatz")]
    assert rules.match({"text": "Der Vogel Spatz."}).brands == ()


def test_rules_may_ask_other_fields():
    rules = BrandRules("Adler Post", parse_query("adler AND channel:review"))
    assert rules.match({"text": "Adler", "channel": "review"}).brands == ("Adler Post",)
    assert rules.match({"text": "Adler", "channel": "forum"}).brands == ()


def test_empty_exclusion_excludes_nothing():
    rules = BrandRules("Adler Post", parse_query("adler"), exclusions=parse_query(""))
    assert rules.match({"text": "Adler"}).brands == ("Adler Post",)


def test_document_without_text_matches_nothing(rules):
    assert rules.match({}).brands == ()
    assert rules.match({"text": None}).brands == ()


def test_version_changes_with_every_rule(rules):
    def changed(**fields):
        parts = {name: getattr(rules, name) for name in ("name", "query", "exclusions", "competitors")}
        return BrandRules(**{**parts, **fields}).version

    assert changed() == rules.version
    versions = {
        rules.version,
        changed(name="Adler"),
        changed(query=parse_query("adler")),
        changed(exclusions=None),
        changed(competitors={}),
        changed(competitors={"Spatz": parse_query("falke"), "Falke Versand": parse_query("spatz AND NOT vogel")}),
    }
    assert len(versions) == 6


def test_names_become_a_query_that_finds_each_of_them():
    query = parse_query(names_query(["Adler Post", 'Die "Adler"', "ADP", "C\\O", "Adler Post", " "]))
    rules = BrandRules("Adler Post", query)
    for text in ("bei der Adler-Post", "die Adler", "adp ist zu", "c\\o geht nicht"):
        assert rules.match({"text": text}).brands == ("Adler Post",), text
    assert rules.match({"text": "Post vom Adler"}).brands == ()


def test_short_names_in_capitals_keep_their_case_on_request():
    rules = BrandRules("Adler Post", parse_query(names_query(["ADP", "Adler Post"], exact_case=True)))
    assert rules.match({"text": "ADP"}).brands
    assert not rules.match({"text": "adp"}).brands
    assert rules.match({"text": "adler post"}).brands


def test_brand_without_names_is_refused():
    with pytest.raises(ValueError, match="at least one name"):
        names_query([" ", ""])
