"""Plain German that families build sentences from. Nothing here is a trigger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A verb with its object, in the forms that sentences need."""

    base: str
    """``öffnen``"""
    participle: str
    """``geöffnet``"""
    thing: str
    """``die Tür``, in the accusative."""

    @property
    def infinitive(self) -> str:
        """``die Tür öffnen``"""
        return f"{self.thing} {self.base}"

    @property
    def perfect(self) -> str:
        """``die Tür geöffnet``"""
        return f"{self.thing} {self.participle}"


def _deeds(base: str, participle: str, *things: str) -> tuple[Deed, ...]:
    return tuple(Deed(base=base, participle=participle, thing=thing) for thing in things)


DEEDS = (
    *_deeds("öffnen", "geöffnet", "die Tür", "das Fenster", "den Schrank", "das Konto"),
    *_deeds("unterschreiben", "unterschrieben", "den Vertrag", "die Liste", "den Brief"),
    *_deeds("überweisen", "überwiesen", "das Geld", "die Miete", "den Betrag"),
    *_deeds("reparieren", "repariert", "das Fahrrad", "den Motor", "die Heizung"),
    *_deeds("bezahlen", "bezahlt", "die Rechnung", "das Hotel", "die Reise"),
    *_deeds("löschen", "gelöscht", "die Nachricht", "die Bilder", "den Bericht"),
    *_deeds("verkaufen", "verkauft", "das Haus", "den Garten", "die Karten"),
    *_deeds("benutzen", "benutzt", "den Aufzug", "die Treppe", "das Telefon"),
)
PEOPLE = (
    "der Arzt", "die Lehrerin", "der Fahrer", "die Nachbarin", "der Gärtner", "die Ärztin", "der Bäcker",
    "die Direktorin", "der Kapitän", "die Sekretärin",
)  # fmt: skip
PLACES = ("das Museum", "die Apotheke", "das Krankenhaus", "die Bibliothek", "das Rathaus", "der Marktplatz")
CITIES = ("Hamburg", "München", "Dresden", "Frankfurt", "Leipzig", "Salzburg", "Bremen")
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
WEATHER = ("warm und trocken", "kalt und windig", "sonnig", "sehr neblig", "regnerisch")
WHEN = ("heute", "heute Abend", "morgen", "am Montag", "am Freitag", "vor dem Essen", "nach der Sitzung", "im Sommer")
