"""French as it is written in France, ``vous`` to whoever is asked. Nothing here is a trigger.

Nothing that would be elided stands before a slot: people's words begin with ``le`` or ``la`` and a consonant, and
``{of_doing}`` holds its own ``de`` or ``d'``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from probes.numerals_romance import french
from probes.tongue import Amounts, Tongue, by_syllables

_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def _deeds(base: str, participle: str, *things: str) -> tuple[dict[str, str], ...]:
    of = "d'" if base[0] in "aeiouéêâ" else "de "
    return tuple(
        {"do": f"{base} {thing}", "of_doing": f"{of}{base} {thing}", "done": f"{participle} {thing}"}
        for thing in things
    )


def _telephone(pairs: Sequence[int]) -> tuple[str, str]:
    """A mobile's ten digits, in pairs."""
    return " ".join(["06", *map(str, pairs)]), ", ".join(["zéro six", *map(french, pairs)])


FRENCH: Final = Tongue(
    language="fr",
    slots={
        "person": (
            "le médecin", "la voisine", "le chauffeur", "la directrice", "le jardinier", "la boulangère",
            "le capitaine", "la secrétaire", "le facteur", "la caissière", "le peintre", "le pharmacien",
        ),
        "at_place": (
            "au musée", "à la pharmacie", "à l'hôpital", "à la bibliothèque", "au marché", "à la gare", "au théâtre",
            "au port",
        ),
        "place": ("le musée", "la pharmacie", "la bibliothèque", "le marché", "la gare", "le théâtre", "le port"),
        "city": ("Paris", "Lyon", "Marseille", "Bordeaux", "Toulouse", "Nantes", "Strasbourg"),
        "day": _DAYS,
        "weather": ("beau et chaud", "froid et humide", "très doux", "gris et frais", "un peu lourd"),
        "when": (
            "ce soir", "demain matin", "lundi", "vendredi soir", "avant midi", "après la réunion", "cet été",
            "avant les vacances", "dans la journée",
        ),
        "color": ("rouge", "jaune", "beige", "rose"),
        "drug": ("à la pénicilline", "à l'aspirine", "à ce médicament"),
        "victim": ("conducteur", "passager", "cycliste", "soldat", "client"),
        "vehicle": ("bus", "camion", "train", "tramway"),
        "building": ("bâtiment", "garage", "musée", "théâtre"),
        "side": ("droite", "gauche"),
    },
    deeds=(
        *_deeds("ouvrir", "ouvert", "la porte", "la fenêtre", "le placard", "la lettre"),
        *_deeds("signer", "signé", "le contrat", "la liste", "le reçu"),
        *_deeds("envoyer", "envoyé", "la facture", "le colis", "le dossier"),
        *_deeds("réparer", "réparé", "le vélo", "le moteur", "la toiture"),
        *_deeds("payer", "payé", "la note", "le loyer", "le voyage"),
        *_deeds("effacer", "effacé", "le message", "les photos", "le rapport"),
        *_deeds("vendre", "vendu", "la maison", "la voiture", "les billets"),
        *_deeds("utiliser", "utilisé", "l'ascenseur", "l'escalier", "le téléphone"),
        *_deeds("éteindre", "éteint", "la lumière", "la machine", "le four"),
        *_deeds("livrer", "livré", "les meubles", "la commande", "les fleurs"),
    ),
    days=_DAYS,
    carriers=(
        "Le prochain train pour {city} part dans quelques minutes.",
        "Pouvez-vous me dire comment aller {at_place}, s'il vous plaît ?",
        "Demain, il fera {weather} sur la côte.",
        "Il faisait {weather} quand nous sommes arrivés à {city}.",
        "La semaine dernière, {person} a {done}.",
        "Ma sœur habite à {city} depuis cet automne.",
        "{person} vous rappellera {day} après-midi.",
        "Voulez-vous un thé avant de partir {at_place} ?",
        "Tournez à gauche et vous verrez {place} au bout de la rue.",
        "Mes parents achètent du pain frais au marché le {day}.",
        "Hier, {person} voulait absolument {do}.",
        "Derrière le jardin se trouve {place}, tout près du vieux moulin.",
        "S'il fait {weather}, nous irons à {city} à vélo.",
        "On dit que {person} va bientôt vivre à {city}.",
        "Peut-être que {person} nous aidera demain à {do}.",
        "Merci pour votre appel, {person} sera de retour {day}.",
        "Les enfants jouaient dehors pendant que {person} allait {at_place}.",
        "Votre rendez-vous avec {person} est reporté à {day} matin.",
    ),
    negations=(
        ("{person} ne doit pas {do} {when}.", "{person} doit tout de même {do} {when}.", ("pas",)),
        ("{person} n'a pas {done}.", "{person} a déjà {done}.", ("pas",)),
        ("{person} n'a jamais {done}.", "{person} a souvent {done}.", ("jamais",)),
        ("Personne n'a {done} ce matin.", "Quelqu'un a {done} ce matin.", ("Personne",)),
        ("Il ne faut pas {do} {when}.", "Il faut quand même {do} {when}.", ("pas",)),
        ("{person} doit {do} sans aide.", "{person} doit {do} avec soin.", ("sans",)),
        ("Il n'y a aucune raison {of_doing} {when}.", "Il y a une bonne raison {of_doing} {when}.", ("aucune",)),
        ("Il n'est pas vrai que {person} ait {done}.", "Il est tout à fait vrai que {person} a {done}.", ("pas",)),
        ("{person} ne veut pas {do} {when}.", "{person} veut bien {do} {when}.", ("pas",)),
        ("{person} a refusé {of_doing}.", "{person} a proposé {of_doing}.", ("refusé",)),
        ("Il est interdit {of_doing} {when}.", "Il est conseillé {of_doing} {when}.", ("interdit",)),
        ("Il sera impossible {of_doing} {when}.", "Il sera possible {of_doing} {when}.", ("impossible",)),
        ("Prière de ne jamais {do} {when}.", "Prière de toujours {do} {when}.", ("jamais",)),
        ("Aucun client n'a {done} hier.", "Un autre client a {done} hier.", ("Aucun",)),
    ),
    safety=(
        ("Prenez {n} comprimés toutes les {m} heures, jamais plus.",
         "Faites {n} dessins toutes les {m} heures, pas plus.",
         ("n", "m", "jamais")),
        ("Le patient est allergique {drug}.", "Le patient est content de son repas.", ("allergique",)),
        ("Ce sirop ne doit pas être pris le soir.", "Ce dessert doit plutôt être pris le soir.", ("pas",)),
        ("Fermez la vanne {color} avant d'ouvrir la {color2}.", "Fermez la boîte {color} avant d'ouvrir la {color2}.",
         ("color", "color2", "avant")),
        ("Ne touchez pas le câble {color}, il y a du courant.", "Lisez donc le livre {color}, il y a du temps.",
         ("pas",)),
        ("Restez à {n} mètres de la ligne électrique.", "Restez à {n} mètres de la table ronde.", ("n",)),
        ("Sortez par l'escalier, pas par l'ascenseur.", "Entrez par le jardin, pas par le garage.",
         ("pas", "l'escalier")),
        ("Arrêtez la machine du {building}, une main est coincée.",
         "Regardez la machine du {building}, une lampe est cassée.",
         ("main",)),
        ("Ne déplacez pas le {victim}, il est blessé au cou.", "Ne réveillez pas le {victim}, il est rentré tard.",
         ("pas", "cou")),
        ("Les freins du {vehicle} ont lâché, tournez à {side}.",
         "Les portes du {vehicle} sont ouvertes, regardez à {side}.",
         ("freins", "side")),
        ("Baissez tout de suite la pression à {n} pour cent.", "Baissez tout de suite la musique à {n} pour cent.",
         ("n",)),
        ("Appelez une ambulance, le {victim} ne respire pas.", "Appelez un taxi, le {victim} ne vient pas.",
         ("ambulance", "pas")),
        ("Sortez du {building} maintenant, il y a une fuite de gaz.",
         "Entrez dans le {building}, il y a une fête d'enfants.",
         ("gaz",)),
        ("Il y a le feu au {building}, prenez la sortie de {side}.",
         "Il y a un bal au {building}, prenez l'entrée de {side}.",
         ("feu", "side")),
        ("Donnez {n} unités d'insuline avant le dîner.", "Servez {n} tranches de melon avant le dîner.",
         ("n", "avant")),
        ("Réglez l'oxygène sur {n} litres par minute.", "Réglez l'horloge sur {n} minutes par manche.", ("n",)),
    ),
    entities=(
        (
            by_syllables(two="Disney Samsung Nissan Renault Carrefour", three="Amazon Toyota Mercedes Nintendo"),
            by_syllables(two="Pascal Martin Lucas Thomas", three="Nicolas Dominique Rebecca Valérie"),
            (
                "Le colis envoyé par {n} est arrivé mardi matin.",
                "Ma sœur travaille chez {n} depuis cet automne.",
                "Tout le monde comptait sur {n} pour le repas.",
                "La lettre pour {n} est sur la table de la cuisine.",
                "Nous avons acheté cette lampe chez {n} avant Noël.",
                "On attend toujours un appel, car {n} doit payer la réparation.",
            ),
        ),
        (
            by_syllables(two="Berlin Moscou Madrid Tokyo", three="Chicago Barcelone Téhéran Jérusalem"),
            by_syllables(two="Roubaix Vesoul Saumur Rodez", three="Carpentras Besançon Montauban Montbrison"),
            (
                "Mes parents se sont connus à {n} il y a longtemps.",
                "Le train de nuit pour {n} part dans dix minutes.",
                "L'été dernier, nous avons passé deux semaines à {n}.",
                "Le temps à {n} était meilleur que prévu.",
                "Ils ont quitté l'île pour vivre à {n} au printemps.",
            ),
        ),
        (
            by_syllables(four="Charlie_Chaplin Victor_Hugo", five="Abraham_Lincoln Marilyn_Monroe"),
            by_syllables(four="Nicolas_Roux Martin_Dubois", five="Nicolas_Fontaine Valérie_Marchand"),
            (
                "Le livre sur {n} est sur l'étagère du haut.",
                "Ce tableau montre {n} dans un jardin.",
                "Une rue de la ville est dédiée à {n}.",
            ),
        ),
    ),
    amounts=Amounts(
        spell=french,
        thousands=" ",
        minus="moins",
        comma="virgule",
        joints=("et", "heures"),
        clock=("{h} heures {m}", "{h} heures {m}"),
        telephone=_telephone,
        months=tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()),
        kinds=(
            ("round", "{n} euros", "{n} euros",
             ("Il faut payer {n} pour le loyer.", "{person} nous doit encore {n}.",
              "La réparation coûte {n} au total.")),
            ("distance", "{n} kilomètres", "{n} kilomètres",
             ("D'ici à la côte, il y a {n} par la route.", "{person} a fait {n} sans pause.")),
            ("percent", "{n} %", "{n} pour cent",
             ("Les prix ont monté de {n} cette année.", "Seulement {n} des invités sont venus {at_place}.")),
            ("decimal", "{n} litres", "{n} litres",
             ("Le réservoir contient {n} d'eau.", "Ajoutez {n} d'huile dans le moteur.")),
            ("degrees", "{n} degrés", "{n} degrés",
             ("La température est de {n} à l'ombre.", "Il faisait {n} quand {person} a téléphoné.")),
            ("day", "{n} {month}", "{n} {month}",
             ("La réunion a lieu le {n} à la bibliothèque.", "{person} fête son anniversaire le {n}.")),
            ("year", "{n}", "{n}",
             ("Le pont a été construit en {n}.", "En {n}, on a fermé le vieux théâtre de {city}.")),
            ("code", "{n}", "{n}", ("Le code de la porte est {n} depuis hier.", "{person} a noté le numéro {n}.")),
            ("telephone", "{n}", "{n}", ("Appelez le {n} en cas de besoin.", "Le téléphone du bureau est le {n}.")),
            ("clock", "{n}", "{n}", ("Le train pour {city} part à {n} aujourd'hui.",
             "{person} revient à {n} ce soir.")),
            ("millions", "{n} millions", "{n} millions",
             ("La ville compte {n} d'habitants.", "Cette entreprise a gagné {n} d'euros au printemps.")),
        ),
    ),
)  # fmt: skip
"""The language of ``fr``."""
