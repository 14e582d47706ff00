"""Open texts by theme and polarity: every sentence names its feature and has one polarity."""

from typing import Final

# negative, neutral, positive: four sentences each
WHY: Final = {
    "alerts": (
        (
            "The alerts are terrible, I get twenty a day and most are noise.",
            "I hate the alert emails, they fire for nothing.",
            "Alerts are annoying and far too frequent.",
            "The notifications are useless, they wake us up for false alarms.",
        ),
        (
            "We have alerts on two dashboards.",
            "I set up one alert last month.",
            "Alerts go to the inbox of our team.",
            "Our team uses the alert on revenue.",
        ),
        (
            "The alerts are great, we saw an outage before our customers did.",
            "I love the alert on our daily revenue.",
            "Alerts are very helpful for my team.",
            "Notifications work well and are easy to tune.",
        ),
    ),
    "exports": (
        (
            "The export is broken for large tables.",
            "Exports are painfully slow and the PDF looks bad.",
            "I am disappointed by the CSV export, it fails too often.",
            "The exported report is ugly, I cannot show it to anybody.",
        ),
        (
            "We export a report at the end of the quarter.",
            "Exports are on our list for next year.",
            "I know that there is an export to PDF.",
            "Somebody in finance asked for the CSV export.",
        ),
        (
            "The PDF export is excellent, exactly what our board wants.",
            "I love the exports, they look beautiful.",
            "Great export options, this is why we chose you.",
            "Exporting a report is easy and the result looks wonderful.",
        ),
    ),
    "sharing": (
        (
            "Sharing a dashboard is confusing, the permissions are a mess.",
            "I hate that sharing needs an account for everybody.",
            "Sharing is frustrating, the links stop working.",
            "The shared dashboard was broken for my boss.",
        ),
        (
            "We share dashboards by link.",
            "I shared one dashboard with sales.",
            "Sharing happens on Mondays.",
            "Two of us share dashboards with the others.",
        ),
        (
            "Sharing dashboards with the team is wonderful, everybody sees the same numbers.",
            "I love how easy it is to share a dashboard.",
            "Sharing is fantastic, our meetings are shorter now.",
            "Great that I can share a dashboard with one click.",
        ),
    ),
}
OTHER_LANGUAGES: Final = (
    ("de", "Die Benachrichtigungen sind nervig, es kommen viel zu viele."),
    ("de", "Das Teilen von Dashboards ist wunderbar einfach."),
    ("fr", "Les alertes sont insupportables, beaucoup trop de bruit."),
    ("es", "Me encanta compartir los tableros con mi equipo."),
)
TICKETS: Final = (
    "Please stop the alert emails, the same alert fired nine times this morning and it is awful.",
    "Our alert fired although nothing changed, this is a bad false alarm.",
    "Too many alerts after the weekend, we cannot find the real problem.",
    "How do I change the threshold of an alert?",
    "The database source does not connect, it fails with a timeout.",
    "How can I share a dashboard with somebody outside of our company?",
)
REVIEWS: Final = (
    "Lovely product, sharing dashboards is a joy.",
    "Good charts, but the alerts are a nightmare.",
    "Solid tool for a small team.",
)
