"""Portuguese as it is written in Brazil (``pt-BR``), ``o senhor`` left out. Nothing here is a trigger.

No preposition that melts into an article stands before a slot: ``{at_place}`` is ``no museu`` as a whole.
"""

from __future__ import annotations

from typing import Final

from probes.numerals_romance import portuguese
from probes.tongue import Amounts, Tongue, by_syllables

_DAYS: Final = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira")


def _deeds(base: str, past: str, *things: str) -> tuple[dict[str, str], ...]:
    return tuple({"do": f"{base} {thing}", "did": f"{past} {thing}"} for thing in things)


PORTUGUESE: Final = Tongue(
    language="pt",
    slots={
        "person": (
            "o médico", "a professora", "o motorista", "a vizinha", "o jardineiro", "a enfermeira", "o padeiro",
            "a diretora", "o capitão", "a secretária", "o advogado", "o pintor",
        ),
        "to_place": (
            "ao museu", "à farmácia", "ao hospital", "à biblioteca", "ao mercado", "à estação", "ao teatro", "ao porto",
        ),
        "place": ("o museu", "a farmácia", "o hospital", "a biblioteca", "o mercado", "a estação", "o teatro"),
        "city": ("São Paulo", "Curitiba", "Salvador", "Fortaleza", "Brasília", "Campinas", "Florianópolis"),
        "day": _DAYS,
        "weather": ("muito calor", "muito frio", "bastante sol", "tempo bom", "um pouco de vento"),
        "when": (
            "hoje", "hoje à noite", "amanhã cedo", "na segunda-feira", "na sexta-feira", "antes do almoço",
            "depois da reunião", "no verão", "neste fim de semana",
        ),
        "color": ("verde", "azul", "cinza", "laranja"),
        "drug": ("à penicilina", "à aspirina", "a este remédio"),
        "victim": ("motorista", "passageiro", "ciclista", "soldado", "cliente"),
        "vehicle": ("ônibus", "caminhão", "trem", "carro"),
        "building": ("prédio", "hospital", "museu", "teatro"),
        "side": ("direita", "esquerda"),
    },
    deeds=(
        *_deeds("abrir", "abriu", "a porta", "a janela", "o armário", "a carta"),
        *_deeds("assinar", "assinou", "o contrato", "a lista", "o recibo"),
        *_deeds("enviar", "enviou", "o dinheiro", "o pacote", "a fatura"),
        *_deeds("consertar", "consertou", "a bicicleta", "o motor", "o telhado"),
        *_deeds("pagar", "pagou", "a conta", "o hotel", "a viagem"),
        *_deeds("apagar", "apagou", "a mensagem", "as fotos", "o relatório"),
        *_deeds("vender", "vendeu", "a casa", "o carro", "os ingressos"),
        *_deeds("usar", "usou", "o elevador", "a escada", "o telefone"),
        *_deeds("desligar", "desligou", "a luz", "a máquina", "o forno"),
        *_deeds("entregar", "entregou", "as chaves", "o pedido", "os móveis"),
    ),
    days=_DAYS,
    carriers=(
        "O próximo trem para {city} sai em poucos minutos.",
        "Pode me dizer como chegar {to_place}, por favor?",
        "Amanhã vai fazer {weather} perto da costa.",
        "Fazia {weather} quando chegamos a {city}.",
        "Na {day} passada {person} {did}.",
        "Minha irmã mora em {city} desde o verão.",
        "{person} vai ligar de novo na {day}.",
        "Quer tomar um café antes de ir {to_place}?",
        "Vire à esquerda e veja {place} no fim da rua.",
        "Meus pais compram pão fresco toda {day}.",
        "Ontem {person} queria muito {do}.",
        "Atrás do jardim fica {place}, ao lado do velho moinho.",
        "Se fizer {weather}, vamos de bicicleta para {city}.",
        "Dizem que {person} vai morar em {city} em breve.",
        "Talvez {person} nos ajude amanhã a {do}.",
        "Obrigado por ligar, {person} volta na {day}.",
        "As crianças brincavam na praça enquanto {person} ia {to_place}.",
        "Sua consulta com {person} mudou para a {day} à tarde.",
    ),
    negations=(
        ("{person} não deve {do} {when}.", "{person} também deve {do} {when}.", ("não",)),
        ("{person} não {did}.", "{person} logo {did}.", ("não",)),
        ("{person} nunca {did}.", "{person} sempre {did}.", ("nunca",)),
        ("Ninguém {did} hoje de manhã.", "Alguém {did} hoje de manhã.", ("Ninguém",)),
        ("Não é preciso {do} {when}.", "Agora é preciso {do} {when}.", ("Não",)),
        ("{person} tem que {do} sem ajuda.", "{person} tem que {do} com ajuda.", ("sem",)),
        ("Não há motivo para {do} {when}.", "Ainda há motivo para {do} {when}.", ("Não",)),
        ("Não é verdade que {person} {did}.", "É bem verdade que {person} {did}.", ("Não",)),
        ("{person} não quer {do} {when}.", "{person} ainda quer {do} {when}.", ("não",)),
        ("{person} se recusou a {do}.", "{person} se ofereceu para {do}.", ("recusou",)),
        ("Nem {person} pode {do} {when}.", "Só {person} pode {do} {when}.", ("Nem",)),
        ("Será impossível {do} {when}.", "Será possível {do} {when}.", ("impossível",)),
        ("{person} jamais vai {do}.", "{person} agora vai {do}.", ("jamais",)),
        ("Nenhuma pessoa {did} ontem.", "Aquela pessoa {did} ontem.", ("Nenhuma",)),
    ),
    safety=(
        ("Tome {n} comprimidos a cada {m} horas, nunca mais.", "Faça {n} desenhos a cada {m} horas, pouco mais.",
         ("n", "m", "nunca")),
        ("O paciente é alérgico {drug}.", "O paciente está contente com a comida.", ("alérgico",)),
        ("Este xarope não deve ser tomado à noite.", "Este doce também deve ser servido à noite.", ("não",)),
        ("Feche a válvula {color} antes de abrir a {color2}.", "Feche a pasta {color} antes de abrir a {color2}.",
         ("color", "color2", "antes")),
        ("Não toque no cabo {color}, há corrente elétrica.", "Leia o livro {color}, há tempo de sobra.", ("Não",)),
        ("Fique a {n} metros da linha elétrica.", "Fique a {n} metros da mesa redonda.", ("n",)),
        ("Saia pela escada, não pelo elevador.", "Entre pelo jardim, não pela garagem.", ("não", "escada")),
        ("Pare a máquina do {building}, há uma mão dentro.", "Olhe a máquina do {building}, há uma luz dentro.",
         ("mão",)),
        ("Não mova o {victim}, ele quebrou o pescoço.", "Não acorde o {victim}, ele trabalhou a noite toda.",
         ("Não", "pescoço")),
        ("Os freios do {vehicle} falharam, vire à {side}.", "As portas do {vehicle} abriram, olhe para a {side}.",
         ("freios", "side")),
        ("Baixe a pressão para {n} por cento agora mesmo.", "Baixe a música para {n} por cento agora mesmo.", ("n",)),
        ("Chame uma ambulância, o {victim} não respira.", "Chame um táxi, o {victim} não vem.", ("ambulância", "não")),
        ("Saiam agora do {building}, há um vazamento de gás.", "Entrem agora no {building}, há uma festa de crianças.",
         ("gás",)),
        ("Há fogo no {building}, use a saída da {side}.", "Há baile no {building}, use a entrada da {side}.",
         ("fogo", "side")),
        ("Aplique {n} unidades de insulina antes do jantar.", "Sirva {n} fatias de melão antes do jantar.",
         ("n", "antes")),
        ("Ponha o oxigênio em {n} litros por minuto.", "Ponha o relógio em {n} minutos por partida.", ("n",)),
    ),
    entities=(
        (
            by_syllables(two="Apple Google Disney Samsung", three="Amazon Toyota Mercedes Nintendo Petrobras"),
            by_syllables(two="Pedro Marta Carlos Laura", three="Renata Ricardo Roberto Camila"),
            (
                "O pacote para {n} chegou na terça-feira de manhã.",
                "Minha irmã trabalha para {n} desde o verão.",
                "Todos falavam sobre {n} durante o almoço.",
                "A carta para {n} está na mesa da cozinha.",
                "No ano passado dividimos o computador com {n}.",
                "Ainda falta saber se {n} vai pagar o conserto.",
            ),
        ),
        (
            by_syllables(two="Londres Paris Moscou Berlim", three="Chicago Lisboa Varsóvia",
                         four="Barcelona Jerusalém"),
            by_syllables(two="Santos Natal Lages Franca", three="Londrina Limeira Manaus", four="Sorocaba Uberaba"),
            (
                "Meus pais se conheceram em {n} há muitos anos.",
                "O ônibus noturno para {n} sai em dez minutos.",
                "No verão passado ficamos duas semanas em {n}.",
                "O tempo em {n} foi melhor do que se esperava.",
                "Eles se mudaram da ilha para {n} na primavera.",
            ),
        ),
        (
            by_syllables(four="Charlie_Chaplin Marie_Curie", five="Pablo_Picasso Isaac_Newton"),
            by_syllables(four="Carlos_Prado Laura_Vargas", five="Carlos_Moreira Laura_Medina Pedro_Cardoso"),
            (
                "O livro sobre {n} está na prateleira de cima.",
                "Minha professora contou hoje uma história sobre {n}.",
                "A rua ganhou o nome de {n} no ano passado.",
            ),
        ),
    ),
    amounts=Amounts(
        spell=portuguese,
        thousands=".",
        minus="menos",
        comma="vírgula",
        joints=("e",),
        clock=("{h}:{m}", "{h} e {m}"),
        months=tuple("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro".split()),
        kinds=(
            ("round", "{n} reais", "{n} reais",
             ("É preciso pagar {n} de aluguel.", "{person} ainda nos deve {n}.", "O conserto custa {n} no total.")),
            ("distance", "{n} quilômetros", "{n} quilômetros",
             ("Daqui até a costa são {n} de estrada.", "{person} dirigiu {n} sem parar.")),
            ("percent", "{n}%", "{n} por cento",
             ("Os preços subiram {n} neste ano.", "Só {n} dos convidados foram {to_place}.")),
            ("decimal", "{n} litros", "{n} litros",
             ("O tanque tem {n} de água.", "Coloque {n} de óleo no motor.")),
            ("degrees", "{n} graus", "{n} graus",
             ("A temperatura hoje é de {n} na sombra.", "Fazia {n} quando {person} telefonou.")),
            ("day", "{n} de {month}", "{n} de {month}",
             ("A reunião é no dia {n} na biblioteca.", "{person} faz aniversário no dia {n}.")),
            ("year", "{n}", "{n}",
             ("A ponte foi construída no ano de {n}.", "Em {n} fecharam o velho teatro de {city}.")),
            ("code", "{n}", "{n}", ("O código da porta é {n} desde ontem.", "{person} anotou o número {n}.")),
            ("clock", "{n}", "{n}", ("O trem para {city} sai às {n} de hoje.", "{person} volta às {n}.")),
            ("millions", "{n} milhões", "{n} milhões",
             ("A cidade tem {n} de habitantes.", "A empresa ganhou {n} de reais na primavera.")),
        ),
    ),
)  # fmt: skip
"""The language of ``pt``, as Brazil speaks it."""
