import polars as pl
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.themes import Taxonomy, Theme, themed


def found(topic, sentence):
    sentences = pl.DataFrame({"response_id": ["r"], "sentence_no": [1], "sentence": [sentence]})
    return themed(sentences, Taxonomy(None, (Theme("theme", None, (topic,)),))).height == 1


@pytest.mark.parametrize(
    ("topic", "sentence", "expected"),
    [
        ("alert", "The alert fired", True),
        ("alert", "ALERTS!", True),
        ("alert", "an alert's sound", True),
        ("alert", "alerted", False),
        ("alert", "redalert", False),
        ("alert", "alert_created", False),  # the name of an event is not a word of anybody
        ("alerts", "one alert", False),
        ("data source", "Which data  sources?", True),
        ("data source", "datasource", False),
        ("c++", "We use C++.", True),
        ("c++", "We use c", False),
        (".net", "ASP.net is gone", True),
        ("3.5", "since 345", False),  # a point is a point
        ("größe", "Die GRÖSSE", False),
        ("größe", "GRÖßE", True),
        (r"/\bping(s|ed)?\b/", "It pinged me", True),
        (r"/\bping(s|ed)?\b/", "It PINGED me", False),  # as it is written
        (r"/(?i)\bping(s|ed)?\b/", "It PINGED me", True),
        (r"/\bping(s|ed)?\b/", "camping", False),
        ("/", "and/or", True),  # too short to be an expression
    ],
)
def test_a_topic_is_found_as_a_phrase_or_as_the_expression_it_is(topic, sentence, expected):
    assert found(topic, sentence) is expected


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("/(?<=no )alert/", "theme of alerts: the expression /(?<=no )alert/ is not accepted: "),
        ("/(/", "theme of alerts: the expression /(/ is not accepted: "),
        ("/x*/", "theme of alerts: the expression /x*/ is found in an empty text"),
        (" ", "theme of alerts: a topic is empty"),
    ],
)
def test_a_topic_that_cannot_be_searched_for_is_told_with_its_theme(topic, message):
    plan = {
        "version": None,
        "themes": [{"name": "of alerts", "feature": None, "topics": ["ok", topic]}],
    }
    with pytest.raises(FunnelkitError) as error:
        Taxonomy.of(plan)
    assert str(error.value).startswith(message)


def test_the_taxonomy_is_the_plans():
    plan = {
        "version": "2026-11",
        "themes": [
            {"name": "alerts", "feature": "alerts", "topics": ["alert"]},
            {"name": "pricing", "feature": None, "topics": ["price", "expensive"]},
        ],
    }
    assert Taxonomy.of(plan) == Taxonomy(
        "2026-11",
        (
            Theme("alerts", "alerts", ("alert",)),
            Theme("pricing", None, ("price", "expensive")),
        ),
    )
