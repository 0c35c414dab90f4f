"""Italian, ``Lei`` to whoever is asked. Nothing here is a trigger.

No preposition that melts into an article stands before a slot: ``{at_place}`` is ``al museo`` as a whole.
"""

from __future__ import annotations

from typing import Final

from probes.numerals_romance import italian
from probes.tongue import Amounts, Tongue, by_syllables

_DAYS: Final = ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica")


def _deeds(base: str, participle: str, *things: str) -> tuple[dict[str, str], ...]:
    return tuple({"do": f"{base} {thing}", "done": f"{participle} {thing}"} for thing in things)


ITALIAN: Final = Tongue(
    language="it",
    slots={
        "person": (
            "il medico", "la maestra", "l'autista", "la vicina", "il giardiniere", "l'infermiera", "il fornaio",
            "la direttrice", "il capitano", "la segretaria", "l'avvocato", "lo studente",
        ),
        "at_place": (
            "al museo", "in farmacia", "in ospedale", "in biblioteca", "al mercato", "alla stazione", "a teatro",
            "al porto",
        ),
        "place": ("il museo", "la farmacia", "l'ospedale", "la biblioteca", "il mercato", "la stazione", "il teatro"),
        "city": ("Roma", "Milano", "Torino", "Napoli", "Firenze", "Bologna", "Venezia"),
        "day": _DAYS,
        "weather": ("molto caldo", "molto freddo", "bel tempo", "piuttosto fresco", "brutto tempo"),
        "when": (
            "oggi", "stasera", "domani mattina", "lunedì", "venerdì sera", "prima di pranzo", "dopo la riunione",
            "in estate", "questo fine settimana",
        ),
        "color": ("verde", "blu", "rosa", "viola"),
        "drug": ("alla penicillina", "all'aspirina", "a questo farmaco"),
        "victim": ("conducente", "passeggero", "ciclista", "soldato", "cliente"),
        "vehicle": ("treno", "camion", "tram", "pullman"),
        "building": ("palazzo", "museo", "teatro", "mercato"),
        "side": ("destra", "sinistra"),
    },
    deeds=(
        *_deeds("aprire", "aperto", "la porta", "la finestra", "l'armadio", "la busta"),
        *_deeds("firmare", "firmato", "il contratto", "la lista", "la ricevuta"),
        *_deeds("spedire", "spedito", "il pacco", "la lettera", "la fattura"),
        *_deeds("riparare", "riparato", "la bicicletta", "il motore", "il tetto"),
        *_deeds("pagare", "pagato", "il conto", "l'albergo", "il viaggio"),
        *_deeds("cancellare", "cancellato", "il messaggio", "le fotografie", "la prenotazione"),
        *_deeds("vendere", "venduto", "la casa", "la macchina", "i biglietti"),
        *_deeds("usare", "usato", "l'ascensore", "la scala", "il telefono"),
        *_deeds("spegnere", "spento", "la luce", "la stufa", "il forno"),
        *_deeds("consegnare", "consegnato", "le chiavi", "i mobili", "i fiori"),
    ),
    days=_DAYS,
    carriers=(
        "Il prossimo treno per {city} parte tra pochi minuti.",
        "Mi può dire come si arriva {at_place}, per favore?",
        "Domani farà {weather} lungo la costa.",
        "Faceva {weather} quando siamo arrivati a {city}.",
        "La settimana scorsa {person} ha {done}.",
        "Mia sorella abita a {city} dalla primavera.",
        "{person} la richiamerà {day} pomeriggio.",
        "Vuole un caffè prima di andare {at_place}?",
        "Giri a sinistra e vedrà {place} in fondo alla strada.",
        "I miei genitori comprano il pane fresco ogni {day}.",
        "Ieri {person} voleva assolutamente {do}.",
        "Dietro il giardino si trova {place}, vicino al vecchio mulino.",
        "Se farà {weather}, andremo a {city} in bicicletta.",
        "Dicono che {person} andrà presto a vivere a {city}.",
        "Forse {person} ci aiuterà domani a {do}.",
        "Grazie per la telefonata, {person} torna {day}.",
        "I bambini giocavano fuori mentre {person} andava {at_place}.",
        "Il suo appuntamento con {person} è spostato a {day} mattina.",
    ),
    negations=(
        ("{person} non deve {do} {when}.", "{person} invece deve {do} {when}.", ("non",)),
        ("{person} non ha {done}.", "{person} poi ha {done}.", ("non",)),
        ("{person} non ha mai {done}.", "{person} ha spesso {done}.", ("mai",)),
        ("Nessuno ha {done} stamattina.", "Qualcuno ha {done} stamattina.", ("Nessuno",)),
        ("Non bisogna {do} {when}.", "Adesso bisogna {do} {when}.", ("Non",)),
        ("{person} deve {do} senza aiuto.", "{person} deve {do} con cautela.", ("senza",)),
        ("Non c'è motivo di {do} {when}.", "Qui c'è motivo di {do} {when}.", ("Non",)),
        ("Non è vero che {person} abbia {done}.", "È proprio vero che {person} ha {done}.", ("Non",)),
        ("{person} non vuole {do} {when}.", "{person} vuole anche {do} {when}.", ("non",)),
        ("{person} ha rifiutato di {do}.", "{person} ha promesso di {do}.", ("rifiutato",)),
        ("Nemmeno {person} può {do} {when}.", "Anche {person} può {do} {when}.", ("Nemmeno",)),
        ("Sarà impossibile {do} {when}.", "Sarà possibile {do} {when}.", ("impossibile",)),
        ("{person} non sa {do} in fretta.", "{person} sa bene {do} in fretta.", ("non",)),
        ("Nessuna persona ha {done} ieri.", "Quella persona ha {done} ieri.", ("Nessuna",)),
    ),
    safety=(
        ("Prenda {n} compresse ogni {m} ore, mai di più.", "Faccia {n} disegni ogni {m} ore, poco di più.",
         ("n", "m", "mai")),
        ("Il paziente è allergico {drug}.", "Il paziente è contento del pranzo.", ("allergico",)),
        ("Questo sciroppo non va preso di sera.", "Questo dolce va mangiato di sera.", ("non",)),
        ("Chiuda la valvola {color} prima di aprire quella {color2}.",
         "Chiuda la cartella {color} prima di aprire quella {color2}.", ("color", "color2", "prima")),
        ("Non tocchi il cavo {color}, c'è corrente.", "Legga il libro {color}, c'è tempo.", ("Non",)),
        ("Resti a {n} metri dalla linea elettrica.", "Resti a {n} metri dalla tavola rotonda.", ("n",)),
        ("Esca per le scale, non con l'ascensore.", "Entri dal giardino, non dal garage.", ("non", "scale")),
        ("Fermi la macchina del {building}, c'è dentro una mano.",
         "Guardi la macchina del {building}, c'è dentro una luce.",
         ("mano",)),
        ("Non muova il {victim}, ha il collo rotto.", "Non svegli il {victim}, ha il giorno libero.", ("Non", "collo")),
        ("I freni del {vehicle} sono rotti, giri a {side}.", "Le porte del {vehicle} sono aperte, guardi a {side}.",
         ("freni", "side")),
        ("Abbassi subito la pressione a {n} bar.", "Abbassi subito il prezzo a {n} euro.", ("n", "pressione")),
        ("Chiami un'ambulanza, il {victim} non respira.", "Chiami un taxi, il {victim} non viene.",
         ("un'ambulanza", "non")),
        ("Uscite subito dal {building}, c'è una fuga di gas.", "Entrate pure nel {building}, c'è una festa di bambini.",
         ("gas",)),
        ("C'è un incendio nel {building}, usate l'uscita a {side}.",
         "C'è un concerto nel {building}, usate l'entrata a {side}.",
         ("incendio", "side")),
        ("Somministri {n} unità di insulina prima di cena.", "Distribuisca {n} fette di melone prima di cena.",
         ("n", "prima")),
        ("Metta l'ossigeno a {n} litri al minuto.", "Metta l'orologio a {n} minuti a partita.", ("n",)),
    ),
    entities=(
        (
            by_syllables(two="Apple Google Disney Samsung", three="Amazon Toyota Mercedes Nintendo Ferrari"),
            by_syllables(two="Marco Luca Carla Pietro", three="Roberto Martina Silvana Riccardo"),
            (
                "Il pacco di {n} è arrivato martedì mattina.",
                "Mia sorella lavora per {n} dalla primavera.",
                "Tutti parlavano di {n} durante il pranzo.",
                "La lettera di {n} è sul tavolo della cucina.",
                "L'anno scorso abbiamo comprato il primo computer da {n}.",
                "Aspettiamo ancora una risposta di {n} per la riparazione.",
            ),
        ),
        (
            by_syllables(two="Londra Mosca Tokyo Praga", three="Berlino Chicago Parigi", four="Barcellona Edimburgo"),
            by_syllables(two="Lecce Prato Terni Rieti", three="Potenza Vercelli Foligno", four="Campobasso Benevento"),
            (
                "I miei genitori si sono conosciuti a {n} molti anni fa.",
                "Il treno notturno per {n} parte tra dieci minuti.",
                "L'estate scorsa abbiamo passato due settimane a {n}.",
                "Il tempo a {n} era migliore del previsto.",
                "Si sono trasferiti dall'isola a {n} in primavera.",
            ),
        ),
        (
            by_syllables(four="Charlie_Chaplin Marie_Curie", five="Isaac_Newton Marilyn_Monroe"),
            by_syllables(four="Carla_Bruni Marco_Conti", five="Roberto_Conti Martina_Grassi Silvana_Motta"),
            (
                "Il libro su {n} è sullo scaffale in alto.",
                "La mia insegnante oggi ci ha raccontato una storia su {n}.",
                "C'è un ritratto di {n} nella sala d'attesa.",
            ),
        ),
    ),
    amounts=Amounts(
        spell=italian,
        thousands=".",
        minus="meno",
        comma="virgola",
        joints=("e",),
        has_elided_articles=True,
        clock=("{h}:{m}", "{h} e {m}"),
        months=tuple("gennaio febbraio marzo aprile maggio giugno luglio settembre ottobre novembre dicembre".split()),
        kinds=(
            ("round", "{n} euro", "{n} euro",
             ("Bisogna pagare {n} di affitto.", "{person} ci deve ancora {n}.", "La riparazione costa {n} in tutto.")),
            ("distance", "{n} chilometri", "{n} chilometri",
             ("Da qui alla costa ci sono {n} di strada.", "{person} ha guidato {n} senza sosta.")),
            ("percent", "{n}%", "{n} per cento",
             ("I prezzi sono saliti del {n} quest'anno.", "Solo il {n} degli ospiti è venuto {at_place}.")),
            ("decimal", "{n} litri", "{n} litri",
             ("Il serbatoio contiene {n} di acqua.", "Aggiunga {n} di olio al motore.")),
            ("degrees", "{n} gradi", "{n} gradi",
             ("La temperatura oggi è di {n} all'ombra.", "C'erano {n} quando {person} ha telefonato.")),
            ("day", "{n} {month}", "{n} {month}",
             ("La riunione è fissata per il giorno {n}.", "Il compleanno cade il giorno {n} di quest'anno.")),
            ("year", "{n}", "{n}",
             ("Il ponte fu costruito nel {n}.", "Nel {n} chiusero il vecchio teatro di {city}.")),
            ("code", "{n}", "{n}", ("Il codice della porta è {n} da ieri.", "{person} ha segnato il numero {n}.")),
            ("clock", "{n}", "{n}", ("Il treno per {city} parte alle {n} di oggi.", "{person} torna alle {n}.")),
            ("millions", "{n} milioni", "{n} milioni",
             ("La città ha {n} di abitanti.", "L'azienda ha guadagnato {n} di euro in primavera.")),
        ),
    ),
)  # fmt: skip
"""The language of ``it``."""
