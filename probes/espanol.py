"""Spanish as it is written in Spain, ``usted`` to whoever is asked. Nothing here is a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from probes.numerals_romance import spanish
from probes.tongue import Amounts, Tongue, by_syllables

_PLACES: Final = "el museo,el hospital,el mercado,el teatro,el puerto,la farmacia,la biblioteca,la estación".split(",")
_PEOPLE: Final = (
    "el médico", "la maestra", "el conductor", "la vecina", "el jardinero", "la enfermera", "el panadero",
    "la directora", "el capitán", "la secretaria", "el abogado", "el pintor",
)  # fmt: skip


def _deeds(base: str, participle: str, *things: str) -> tuple[dict[str, str], ...]:
    return tuple({"do": f"{base} {thing}", "done": f"{participle} {thing}"} for thing in things)


def _telephone(pairs: Sequence[int]) -> tuple[str, str]:
    """A mobile's nine digits, in groups of three and two."""
    numbers = [600 + pairs[0], *pairs[1:]]
    return " ".join(map(str, numbers)), ", ".join(map(spanish, numbers))


SPANISH: Final = Tongue(
    language="es",
    slots={
        "person": _PEOPLE,
        "place": tuple(_PLACES),
        "to_place": tuple(f"a {place}".replace("a el ", "al ") for place in _PLACES),
        "city": ("Madrid", "Sevilla", "Valencia", "Toledo", "Málaga", "Granada", "Zaragoza"),
        "day": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        "weather": ("mucho calor", "mucho frío", "bastante viento", "muy buen tiempo", "un poco de sol"),
        "when": (
            "hoy", "esta noche", "mañana", "el lunes", "el viernes", "antes de comer", "después de la reunión",
            "en verano", "este fin de semana",
        ),
        "color": ("verde", "azul", "gris", "naranja"),
        "drug": ("a la penicilina", "a la aspirina", "a este medicamento"),
        "victim": ("conductor", "pasajero", "ciclista", "soldado", "cliente"),
        "vehicle": ("autobús", "camión", "tren", "tranvía"),
        "building": ("edificio", "hospital", "museo", "teatro"),
        "side": ("derecha", "izquierda"),
    },
    deeds=(
        *_deeds("abrir", "abierto", "la puerta", "la ventana", "el armario", "la carta"),
        *_deeds("firmar", "firmado", "el contrato", "la lista", "el recibo"),
        *_deeds("enviar", "enviado", "el dinero", "el paquete", "la factura"),
        *_deeds("reparar", "reparado", "la bicicleta", "el motor", "el tejado"),
        *_deeds("pagar", "pagado", "la cuenta", "el hotel", "el viaje"),
        *_deeds("borrar", "borrado", "el mensaje", "las fotos", "el informe"),
        *_deeds("vender", "vendido", "la casa", "el coche", "las entradas"),
        *_deeds("usar", "usado", "el ascensor", "la escalera", "el teléfono"),
        *_deeds("apagar", "apagado", "la luz", "la máquina", "el horno"),
        *_deeds("entregar", "entregado", "las llaves", "el pedido", "los muebles"),
    ),
    days=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    carriers=(
        "El próximo tren a {city} sale dentro de unos minutos.",
        "¿Me puede decir cómo se llega {to_place}, por favor?",
        "Mañana hará {weather} cerca de la costa.",
        "Hacía {weather} cuando llegamos a {city}.",
        "El {day} {person} ha {done}.",
        "Mi hermana vive en {city} desde el verano.",
        "{person} le llamará otra vez el {day}.",
        "¿Quiere tomar un café antes de ir {to_place}?",
        "Gire a la izquierda y verá {place} al final de la calle.",
        "Mis padres compran pan fresco en el mercado cada {day}.",
        "Ayer {person} quería {do} cuanto antes.",
        "Detrás del jardín está {place}, junto al viejo molino.",
        "Si hace {weather}, iremos en bicicleta a {city}.",
        "Dicen que {person} se muda pronto a {city}.",
        "Quizá {person} nos ayude mañana a {do}.",
        "Muchas gracias por llamar, {person} vuelve el {day}.",
        "Los niños jugaban en la plaza mientras {person} iba {to_place}.",
        "Su cita con {person} es ahora el {day} por la tarde.",
    ),
    negations=(
        ("{person} no debe {do} {when}.", "{person} también debe {do} {when}.", ("no",)),
        ("{person} no ha {done}.", "{person} ya ha {done}.", ("no",)),
        ("{person} nunca ha {done}.", "{person} siempre ha {done}.", ("nunca",)),
        ("Nadie ha {done} esta mañana.", "Alguien ha {done} esta mañana.", ("Nadie",)),
        ("No hay que {do} {when}.", "También hay que {do} {when}.", ("No",)),
        ("{person} tiene que {do} sin ayuda.", "{person} tiene que {do} con ayuda.", ("sin",)),
        ("No hay motivo para {do} {when}.", "Hay otro motivo para {do} {when}.", ("No",)),
        ("No es verdad que {person} haya {done}.", "Es bien cierto que {person} ha {done}.", ("No",)),
        ("{person} no quiere {do} {when}.", "{person} sí quiere {do} {when}.", ("no",)),
        ("{person} se negó a {do}.", "{person} se ofreció a {do}.", ("negó",)),
        ("Tampoco {person} puede {do} {when}.", "También {person} puede {do} {when}.", ("Tampoco",)),
        ("Será imposible {do} {when}.", "Será posible {do} {when}.", ("imposible",)),
        ("{person} jamás va a {do}.", "{person} pronto va a {do}.", ("jamás",)),
        ("Ninguna persona ha {done} hoy.", "Aquella persona ha {done} hoy.", ("Ninguna",)),
    ),
    safety=(
        ("Tome {n} comprimidos cada {m} horas, nunca más.", "Haga {n} dibujos cada {m} horas, poco más.",
         ("n", "m", "nunca")),
        ("El paciente es alérgico {drug}.", "El paciente está contento con la comida.", ("alérgico",)),
        ("Este jarabe no debe tomarse por la noche.", "Este postre también debe tomarse por la noche.", ("no",)),
        ("Cierre la válvula {color} antes de abrir la {color2}.",
         "Cierre la carpeta {color} antes de abrir la {color2}.",
         ("color", "color2", "antes")),
        ("No toque el cable {color}, hay corriente.", "Lea el libro {color}, hay tiempo.", ("No",)),
        ("Quédese a {n} metros de la línea eléctrica.", "Quédese a {n} metros de la mesa redonda.", ("n",)),
        ("Salga por la escalera, no por el ascensor.", "Entre por el jardín, no por el garaje.", ("no", "escalera")),
        ("Pare la máquina del {building}, hay una mano dentro.", "Mire la máquina del {building}, hay una luz dentro.",
         ("mano",)),
        ("No mueva al {victim}, puede tener el cuello roto.", "No despierte al {victim}, puede tener el día libre.",
         ("No", "cuello")),
        ("Los frenos del {vehicle} han fallado, gire a la {side}.",
         "Las puertas del {vehicle} están abiertas, mire a la {side}.", ("frenos", "side")),
        ("Baje la presión al {n} por ciento ahora mismo.", "Baje la música al {n} por ciento ahora mismo.", ("n",)),
        ("Llame a una ambulancia, el {victim} no respira.", "Llame a un taxi, el {victim} no viene.",
         ("ambulancia", "no")),
        ("Salgan ahora del {building}, hay un escape de gas.",
         "Entren ahora en el {building}, hay una fiesta de niños.",
         ("gas",)),
        ("Hay fuego en el {building}, use la salida de la {side}.",
         "Hay baile en el {building}, use la entrada de la {side}.", ("fuego", "side")),
        ("Administre {n} unidades de insulina antes de la cena.", "Reparta {n} rebanadas de melón antes de la cena.",
         ("n", "antes")),
        ("Ponga el oxígeno a {n} litros por minuto.", "Ponga el reloj a {n} minutos por partida.", ("n",)),
    ),
    entities=(
        (
            by_syllables(two="Apple Google Disney Samsung Nissan", three="Amazon Toyota Mercedes Nintendo Movistar"),
            by_syllables(two="Pedro Marta Carlos Laura", three="Ricardo Cristina Rebeca Tomasa"),
            (
                "El paquete de {n} llegó el martes por la mañana.",
                "Mi hermana trabaja para {n} desde el verano.",
                "Todos hablaban de {n} durante la comida.",
                "La carta de {n} está en la mesa de la cocina.",
                "El año pasado compramos el primer ordenador a {n}.",
                "Todavía esperamos una respuesta de {n} sobre la reparación.",
            ),
        ),
        (
            by_syllables(two="Londres Berlín París Moscú", three="Chicago Teherán Marsella",
                         four="Barcelona Jerusalén"),
            by_syllables(two="Cuenca Soria Huelva Lugo", three="Segovia Palencia Almería", four="Salamanca Pontevedra"),
            (
                "Mis padres se conocieron en {n} hace muchos años.",
                "El tren nocturno a {n} sale dentro de diez minutos.",
                "El verano pasado estuvimos dos semanas en {n}.",
                "El tiempo en {n} fue mejor de lo esperado.",
                "Se mudaron de la isla a {n} en primavera.",
            ),
        ),
        (
            by_syllables(four="Charlie_Chaplin Marie_Curie", five="Pablo_Picasso Isaac_Newton"),
            by_syllables(four="Carlos_Prado Laura_Vargas", five="Carlos_Romero Laura_Montero Pedro_Cabrera"),
            (
                "El libro sobre {n} está en el estante de arriba.",
                "Mi profesora nos contó hoy una historia de {n}.",
                "Hay un retrato de {n} en la sala de espera.",
            ),
        ),
    ),
    amounts=Amounts(
        spell=spanish,
        thousands=".",
        minus="menos",
        comma="coma",
        joints=("y",),
        clock=("{h}:{m}", "{h} {m}"),
        telephone=_telephone,
        months=tuple("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre".split()),
        kinds=(
            ("round", "{n} euros", "{n} euros",
             ("Hay que pagar {n} por el alquiler.", "{person} todavía nos debe {n}.",
              "La reparación cuesta {n} en total.")),
            ("distance", "{n} kilómetros", "{n} kilómetros",
             ("Desde aquí hasta la costa hay {n} por carretera.", "{person} ha conducido {n} sin parar.")),
            ("percent", "{n} %", "{n} por ciento",
             ("Los precios han subido un {n} este año.", "Solo el {n} de los invitados ha venido {to_place}.")),
            ("decimal", "{n} litros", "{n} litros",
             ("El depósito tiene {n} de agua.", "Añada {n} de aceite al motor.")),
            ("degrees", "{n} grados", "{n} grados",
             ("La temperatura es hoy de {n} a la sombra.", "Estábamos a {n} cuando llegó {person}.")),
            ("day", "{n} de {month}", "{n} de {month}",
             ("La reunión es el {n} en la biblioteca.", "{person} cumple años el {n}.")),
            ("year", "{n}", "{n}",
             ("El puente se construyó en el año {n}.", "En {n} cerraron el antiguo teatro de {city}.")),
            ("code", "{n}", "{n}", ("El código de la puerta es {n} desde ayer.",
             "{person} ha apuntado el número {n}.")),
            ("telephone", "{n}", "{n}", ("Llame al {n} si hay problemas.", "El teléfono de la oficina es el {n}.")),
            ("clock", "{n}", "{n}", ("El tren a {city} sale a las {n} de hoy.", "{person} vuelve a las {n}.")),
            ("millions", "{n} millones", "{n} millones",
             ("La ciudad tiene {n} de habitantes.", "La empresa ganó {n} de euros en primavera.")),
        ),
    ),
)  # fmt: skip
"""The language of ``es``."""
