"""The pages in German."""

from __future__ import annotations

from typing import Final

GERMAN: Final[dict[str, str]] = {
    "page_overview": "Überblick",
    "page_hotspots": "Brennpunkte",
    "page_mentions": "Stimmen",
    "page_alerts": "Warnungen",
    "navigation": "Seiten",
    "language_choice": "Sprache",
    # experiences and other closed lists
    "experience_negative": "negativ",
    "experience_mixed": "gemischt",
    "experience_neutral": "neutral",
    "experience_positive": "positiv",
    "channel_review": "Bewertungsportal",
    "channel_forum": "Forum",
    "channel_social": "Soziales Netz",
    "channel_app_store": "App-Store",
    "channel_blog": "Blog",
    "channel_survey": "Umfrage",
    "channel_mail": "E-Mail",
    "phase_awareness": "Aufmerksam werden",
    "phase_consideration": "Vergleichen",
    "phase_purchase": "Kaufen",
    "phase_onboarding": "Ankommen",
    "phase_usage": "Nutzen",
    "phase_support": "Hilfe suchen",
    "phase_loyalty": "Treu bleiben",
    "phase_exit": "Gehen",
    # filter
    "filter": "Filter",
    "filter_count": "Filter · {n}",
    "period": "Zeitraum",
    "period_7d": "Letzte 7 Tage",
    "period_28d": "Letzte 4 Wochen",
    "period_84d": "Letzte 12 Wochen",
    "period_365d": "Letzte 12 Monate",
    "period_all": "Gesamter Bestand",
    "period_custom": "Eigener Zeitraum",
    "period_days": "Von und bis",
    "source": "Quelle",
    "channel": "Kanal",
    "topic": "Thema",
    "experience": "Erfahrung",
    "phase": "Phase der Kundenreise",
    "touchpoint": "Kontaktpunkt",
    "brand": "Marke",
    "brand_all": "Alle Marken",
    "all_sources": "Alle Quellen",
    "all_channels": "Alle Kanäle",
    "all_topics": "Alle Themen",
    "all_experiences": "Alle Erfahrungen",
    "all_phases": "Alle Phasen",
    "all_touchpoints": "Alle Kontaktpunkte",
    "copies_once": "Kopien einmal zählen",
    "copies_all_chip": "Kopien mehrfach gezählt",
    "reset": "Filter zurücksetzen",
    "remove": "„{what}“ entfernen",
    "search_chip": "Suche: {text}",
    # what a page covers
    "covers": "{n} Stimmen",
    "covers_one": "1 Stimme",
    "undated_all": "gesamter Bestand",
    "compared_with": "verglichen mit {period}",
    "stale": "Die neueste Stimme ist vom {day}; Zeiträume enden dort.",
    # figures
    "mentions_figure": "Stimmen",
    "negative_figure": "Negativ",
    "neutral_figure": "Neutral",
    "positive_figure": "Positiv",
    "figure_interval": "95-%-Bereich {interval}",
    "figure_n": "{count} von {n}",
    "points": "{value} Punkte",
    "points_one": "{value} Punkt",
    "clear_change": "{points} gegenüber davor",
    "unclear_change": "{points} gegenüber davor, kann Zufall sein",
    "no_before": "kein Vergleich: davor keine Stimmen",
    "too_few_before": "kein Vergleich: davor nur {n} Stimmen",
    "volume_change": "{percent} gegenüber davor ({n})",
    "volume_same": "so viele wie davor ({n})",
    "test_note": "{p}, n = {now} und {before}",
    "uncertain_share": "bei {percent} ist das Modell unsicher",
    "unjudged": "{n} noch nicht bewertet",
    "lead_clear_up": "Die Erfahrungen sind schlechter geworden: {share} negativ, {points} mehr als im Zeitraum davor.",
    "lead_clear_down": "Die Erfahrungen sind besser geworden: {share} negativ, {points} weniger als im Zeitraum davor.",
    "lead_steady": "{share} der Erfahrungen sind negativ; gegenüber dem Zeitraum davor kein klarer Unterschied.",
    "lead_few": "Für eine Aussage sind es zu wenige bewertete Stimmen (n = {n}).",
    "lead_alone": "{share} der Erfahrungen sind negativ.",
    "lead_hotspot": "Am auffälligsten: {topic} bei {place} mit {share} negativ (n = {n}).",
    # trend
    "trend_volume_week": "Stimmen je Woche",
    "trend_volume_day": "Stimmen je Tag",
    "trend_share_week": "Anteil negativ je Woche",
    "trend_share_day": "Anteil negativ je Tag",
    "trend_note": "n = {n} · {period}",
    "trend_band": "Band: 95-%-Bereich. Ab {min} Stimmen je Punkt. n = {n} · {period}",
    "trend_alt_volume": (
        "Gestapelte Balken: Stimmen nach Erfahrung, {period}, insgesamt {n}. Die Zahlen stehen darunter als Tabelle."
    ),
    "trend_alt_share": (
        "Linie: Anteil negativer Stimmen, {period}, zuletzt {last}. Die Zahlen stehen darunter als Tabelle."
    ),
    "as_table": "Zahlen als Tabelle",
    "week_of": "{week}, ab {day}",
    "too_few": "zu wenige",
    "column_time": "Zeit",
    "column_experience": "Erfahrung",
    "column_count": "Stimmen",
    "column_share": "Anteil",
    "column_interval": "95-%-Bereich",
    "column_n": "n",
    "column_source": "Quelle",
    "column_change": "Veränderung",
    # cards on the overview
    "top_hotspots": "Brennpunkte",
    "top_hotspots_note": "Über dem Durchschnitt, mindestens {min} Stimmen; nach unterer Grenze des 95-%-Bereichs.",
    "show_everything": "Ohne Filter über den gesamten Bestand zeigen",
    "top_hotspots_none": "Kein Feld mit mindestens {min} Stimmen liegt über dem Durchschnitt.",
    "all_hotspots": "Alle Brennpunkte",
    "latest_negative": "Neueste negative Stimmen",
    "all_negative": "Alle negativen Stimmen",
    "no_negative": "In dieser Auswahl gibt es keine negativen Stimmen.",
    "by_source": "Nach Quelle",
    "by_source_note": (
        "Portale und Foren berichten Schlechtes öfter, manche Läden Gutes. Darum steht jede Quelle für sich."
    ),
    "share_of_voice": "Im Vergleich",
    "share_of_voice_note": (
        "Nennungen je Marke und wie viele davon negativ sind. Eine Stimme kann mehrere Marken nennen. n = {n}"
        " · {period}"
    ),
    "voice_few": "{n} Nennungen · zu wenige für einen Anteil",
    "voice_line": "{n} Nennungen · {share} negativ",
    # hotspots
    "hotspots_lead": (
        "Wo häufen sich schlechte Erfahrungen? Geordnet nach der unteren Grenze des 95-%-Bereichs: Wenige "
        "wütende Stimmen überholen so nicht viele."
    ),
    "hotspots_ranked": "Rangfolge",
    "hotspots_note": (
        "Felder mit mindestens {min} Stimmen. Punkt: Anteil negativ, Balken: 95-%-Bereich, Strich: "
        "Durchschnitt der Auswahl ({average}). n = {n} · {period}"
    ),
    "hotspots_none": "In dieser Auswahl hat kein Feld mindestens {min} Stimmen und etwas Negatives darunter.",
    "hotspot_new": "davor keine Stimmen",
    "hotspot_few_before": "davor zu wenige (n = {n})",
    "hotspot_clear": "{points}",
    "hotspot_unclear": "{points}, kann Zufall sein",
    "grid_source": "Thema und Quelle",
    "grid_journey_phase": "Thema und Phase der Kundenreise",
    "grid_note": (
        "Anteil negativ, darunter n und 95-%-Bereich. Farbe: Abstand zum Durchschnitt der Auswahl "
        "({average}). Grau: weniger als {min} Stimmen. n = {n} · {period}"
    ),
    "grid_legend_less": "weniger negativ",
    "grid_legend_more": "stärker negativ",
    "grid_legend_few": "zu wenige Stimmen",
    "grid_total": "Alle",
    "grid_cell": "{topic}, {place}: {share} negativ, n = {n}, 95-%-Bereich {interval}",
    "grid_cell_few": "{topic}, {place}: {n} Stimmen, zu wenige für einen Anteil",
    "grid_none": "Zu dieser Auswahl hat das Modell keine Themen gefunden.",
    "show_more_rows": "{n} weitere",
    # mentions
    "search": "Suche",
    "search_placeholder": 'Lieferung AND (spät OR "kam nie")',
    "search_help": (
        'AND, OR, NOT, Klammern, "genaue Folge", Wortanfang*, Feld:Wert wie topic:lieferung oder rating:[1 TO 2].'
    ),
    "search_error": "Die Suche ist so nicht lesbar: {message}",
    "search_error_at": "Zeichen {position}",
    "search_remarks": "Die Suche meint vielleicht etwas anderes, als da steht:",
    "order": "Reihenfolge",
    "order_newest": "Neueste zuerst",
    "order_oldest": "Älteste zuerst",
    "order_relevance": "Beste Treffer zuerst",
    "found_none": "Keine Stimme passt zu dieser Auswahl.",
    "found_none_hint": "Weniger Filter, ein längerer Zeitraum oder andere Wörter helfen weiter.",
    "page_of": "Seite {page} von {pages}",
    "page_next": "Weiter",
    "page_previous": "Zurück",
    "only_first_page": "Nach Treffergüte wird nur die erste Seite gezeigt.",
    "mark_legend": "Markiert ist, was zum Thema gesagt wird:",
    "without_date": "ohne Datum",
    "rating_of": "{value} von {best}",
    "in_thread": "im Thema „{title}“",
    "original": "Original ansehen",
    "no_original": "kein Link zum Original",
    "model_uncertain": "Modell unsicher",
    "irony": "Ironie vermutet",
    "needs_answer": "Braucht eine Antwort",
    "corrected": "von Hand korrigiert",
    "not_judged": "noch nicht bewertet",
    "not_us": "Das sind nicht wir",
    "not_us_help": "Gemeint ist anderes dieses Namens: zählt nicht mehr, und Ähnliches wird künftig beiseitegelegt.",
    "is_us": "Doch, das sind wir",
    "is_us_help": "Die Erwähnung zählt wieder mit.",
    "judged_not_us": "Die Erwähnung zählt nicht mehr mit. Alle solchen findet die Suche work.not_us:true.",
    "judged_us": "Die Erwähnung zählt wieder mit.",
    "judge_failed": "Das ließ sich nicht festhalten: {error}",
    "undo": "Rückgängig",
    "why": "Warum?",
    "why_close": "Begründung schließen",
    "why_help": "Welche Sätze und Wörter geben für das Modell den Ausschlag? Rechnet einen Moment.",
    "why_working": "Das Modell liest den Text noch einmal …",
    "why_lead": (
        "Das Modell liest den Text als {label} (Sicherheit {percent}). Seine Polarität ist {polarity} auf der Skala "
        "von −1 bis +1; die Zahlen vor den Sätzen ergeben sie zusammen."
    ),
    "why_legend_negative": "zieht ins Negative",
    "why_legend_positive": "zieht ins Positive",
    "why_legend_note": "je kräftiger, desto mehr",
    "why_title": "Titel",
    "why_rest_one": "1 weiterer Satz",
    "why_rest": "{n} weitere Sätze zusammen",
    "why_negative": "Am stärksten ins Negative:",
    "why_positive": "Am stärksten ins Positive:",
    "why_without": "ohne das Wort wäre die Polarität {without} statt {whole}",
    "why_no_word": "Kein einzelnes Wort gibt den Ausschlag.",
    "why_note": "Das zeigt, worauf das Modell achtet, nicht, was gemeint ist oder stimmt.",
    "why_cut": "Der Text geht weiter; so weit hinten liest das Modell nicht.",
    "why_other": "Gespeichert ist „{label}“, von einem anderen Stand des Modells; der nächste Lauf erneuert das.",
    "why_nothing": "In diesem Text steht nichts, was das Modell lesen kann.",
    "why_no_model": "Das Sprachmodell lässt sich hier nicht laden: {reason}",
    "copies_more": "+ {n} ähnliche",
    "is_copy": "Kopie",
    "show_rest": "Ganzen Text zeigen",
    "mark_title": "{topic}: {experience}",
    "confidence": "Sicherheit des Modells: {percent}",
    # alerts
    "alerts_lead": (
        "Wenn zu einem Thema deutlich mehr negative Stimmen kommen als sonst, geht genau eine Mail an das "
        "Team. Hier stehen alle."
    ),
    "alerts_none": "Bisher gab es keine Warnung.",
    "alerts_none_hint": (
        "Das ist ein Ergebnis, kein Fehler: Nichts wich deutlich vom Üblichen ab. Geprüft wird mit diesem Befehl:"
    ),
    "alert_expected": "{n} negative Stimmen, erwartet {expected}",
    "alert_window": "in {n} Tagen",
    "alert_window_day": "an einem Tag",
    "alert_began": "seit {day}",
    "alert_history": "verglichen mit {n} Tagen davor",
    "alert_also": "auch: {topic}",
    "alert_mail": "Mail: {file}",
    "alert_delivered": "zugestellt",
    "alert_pending": "noch nicht zugestellt",
    "alert_held": "zurückgehalten: Wochenbudget der Mails verbraucht",
    "alert_retagged": "ohne Mail: erst durch neue Themen sichtbar",
    "alert_since": "Aufgefallen am {when}",
    "alert_open": "Stimmen dazu ansehen",
    # notices and states
    "blind_title": "Quellen mit Lücken in diesem Zeitraum",
    "blind_run": "{source}: {outcome} am {when}",
    "blind_period": "{source}: {days}",
    "blind_periods": "Nicht vollständig gelesen: {periods}.",
    "blind_note": "Weniger Stimmen von dort können daran liegen, nicht an den Kunden.",
    "outcome_failed": "Lauf gescheitert",
    "outcome_suspicious": "Lauf auffällig",
    "outcome_refused": "Lauf nicht erlaubt",
    "outcome_interrupted": "Lauf unterbrochen",
    "outcome_bounded": "Lauf vorzeitig beendet",
    "empty_title": "Noch keine Stimmen",
    "empty_text": (
        "Für „{brand}“ liegt noch nichts im Speicher. Lies zuerst eine Quelle ein, dann erscheinen hier die Zahlen:"
    ),
    "empty_brand_title": "Keine Stimmen zu dieser Marke",
    "empty_brand_text": (
        "Im Speicher liegen {n} Stimmen, aber keine davon nennt „{brand}“. Sieh nach, ob der Name im "
        "Markenprofil stimmt."
    ),
    "empty_filter_title": "Nichts in dieser Auswahl",
    "empty_filter_text": "Im Speicher liegen {n} Stimmen zu „{brand}“, aber keine passt zu Zeitraum und Filtern.",
    "store_title": "Der Speicher ist nicht erreichbar",
    "store_text": "Die Seite kann gerade nichts zeigen: {reason}",
    "store_hint_elastic": (
        "Läuft der Server unter {where}, und stimmen Adresse und Zugang? Danach diese Seite neu laden."
    ),
    "store_hint_folder": (
        "Gibt es den Ordner {where}, und darf dieser Prozess darin lesen und schreiben? Danach diese Seite neu laden."
    ),
    "config_title": "Das Dashboard hat keine Einstellungen",
    "config_unset": "Es wird nicht direkt gestartet, sondern mit diesem Befehl, der ihm Marke und Speicher nennt:",
    "config_unreadable": "Die Datei mit den Einstellungen ist nicht lesbar. Starte das Dashboard neu:",
    "config_invalid": "Die Datei mit den Einstellungen ist nicht gültig. Starte das Dashboard neu:",
    "footer_copies": ", Kopien einmal gezählt",
    "footer": (
        "Ohne Antworten von Unternehmen{copies}. Anteile mit 95-%-Bereich nach Wilson, Unterschiede mit "
        "exaktem Test nach Fisher."
    ),
}
