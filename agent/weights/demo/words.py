"""Everyday words of our own choice: the raw material of questions that the model cannot answer."""
import random

THINGS = """
air airplane airport algebra alarm album algorithm ambition anger animal answer ant apartment app apple apron
architecture arm army art article asteroid astronomy atom attention aunt autumn award baby bacon bag ball balloon
bank basket bath battery beach bean bear beard bed bee beer bell bicycle bill biology bird birthday bitcoin blanket
blog blood boat body bone book boss bottle bowl box brain bread breakfast brick bridge brother browser bucket budget
bug building bus business butter button cake calculus camera camp candle car carbon career carpet carrot castle cat
cell chair change chaos cheese chemistry chess chicken child chocolate church cinema circle city climate clock cloth
cloud coal coast coat code coffee coin cold college comet compiler computer concert contract cook copper copy corn
cotton courage cousin cow crime crisis crown culture cup customer dance danger dark data database date daughter day
death debate decision deer democracy dentist desert design desk diamond dictionary diet dinner dinosaur disease dish
doctor document dog dollar door dragon dream dress drum duck dust ear earth earthquake economy education egg election
electricity elephant email emotion empire energy engine engineer essay euro evening evolution exam example exercise
eye face fact factory family farm fashion father fear feather fever field film finger fire fish flag flight flood
floor flower flute fog food football forest fork friend frog fruit fuel function future galaxy game garden gas gate
genius geography geology geometry ghost giraffe girl glass globe glove goal goat god gold grammar grandmother grape
gravity guitar hair hammer hand happiness harbour hat health heart heat helicopter hero hill history holiday home
honey hope horse hospital hotel hour house human husband ice idea illness industry insect insurance internet invention
iron island jacket jazz jewel job joke journey judge juice jungle justice kernel key king kitchen kite knee knife
knight lake lamp language laptop laser law lawyer leader leaf leather lemon lesson letter library lie life light
lightning lion list literature logic love luck lunch machine magic magnet mail manager map marathon market marriage
mars mathematics meal medicine memory metal meteor microscope milk mind mineral minute mirror money monkey monster
moon morning mosquito mother motor mountain mouse movie muscle museum music nail nation nature neck needle neighbour
nest network news night noise nose novel number nurse oak ocean office oil onion opera opinion orange orbit orchestra
oven owl oxygen package page pain paint palace paper paradox parent park parliament party passport password pasta path
peace pear pen pencil penguin pension people pepper philosophy phone photo physics piano picture pig pilot pillow pipe
pizza planet plant plastic plate play poem poet poison police politics pollution pool potato power present president
price prison problem professor profit program protein psychology queen question rabbit race radio rain rainbow rat
recipe religion republic restaurant rice ring river road robot rock rocket roof room rope rose rumour salad salary salt
sand satellite school science screen sea season secret seed server shadow shark sheep shell ship shirt shoe shop
silence silver singer sister skill skin sky sleep smoke snake snow soap soccer society sock software soil soldier son
song sound soup space spider spoon sport spring square stamp star statistics station steel stomach stone storm story
strategy street student sugar suit summer sun sword table tax taxi tea teacher team technology telephone telescope
television temple tennis theatre theorem thunder tiger time tomato tooth tornado tower town toy tractor trade traffic
train tree triangle trip truck truth tunnel turtle umbrella uncle universe university vaccine valley vegetable vehicle
village violin virus voice volcano vote wall war watch water wave wealth weapon wedding week whale wheat wheel wife
wind window wine winter wisdom wolf wood word work world worm writer yoga zebra zoo transformer blockchain gpu cpu
microservice kubernetes docker linux python javascript rust java sql html css git regex api json yaml http tcp
""".split()
QUALITIES = """
angry bad beautiful best big bitter black blue bold brave bright broken brown busy calm cheap clean clever cold common
complex cool crazy cruel curious dangerous dark dead deep difficult dirty dry early easy empty exact expensive famous
fast fat final flat foreign free fresh full funny gentle good great green grey happy hard heavy high honest hot huge
human important kind large late lazy light little local lonely long loud lucky medical modern narrow national new nice
noisy normal old open perfect plain polite poor popular possible pretty private proud public quick quiet rare raw ready
real red rich right rough round sad safe serious sharp short sick simple slow small smart soft sour special strange
strict strong stupid sweet tall terrible thick thin tiny tired true ugly useful warm weak wet white wild wise wrong
yellow young
""".split()
ACTIONS = """
bake begin bend bite blow boil borrow bounce break breathe build burn buy call carry catch choose clean climb close
collect compare cook copy cry cut dance debug decide define delete deploy describe design dig draw drink drive drop eat
escape explain explore export fall feed fight find fix fly fold forget forgive freeze grow guess hate hear hide hire
hunt import improve install invent jump kick kill kiss laugh learn leave lift listen lose love make measure melt meet
mix move open optimise order pack paint park pay plan plant play pray print prove publish push put read refactor
remember repair replace rewrite ride run save search sell send sew share shoot shut sing sleep smell solve sort speak
spend stop study summarise swim teach test think throw touch train translate travel understand use visit wait walk wash
watch win write
""".split()
SYLLABLES = """
ba be bi bo bra da de do dra el en fa fi fre ga go gra ha hel ho ja jo ka ki kor la le lin lo lu ma mer mi mo na ne
nor ol os pa pe po ra ri ro sa se shi so sta ta ter ti tor tu va ve vi wa wel yo za zen zi
""".split()
ENDINGS = [
    "n", "s", "ville", "burg", "ton", "ia", "land", "berg", "ford", "a", "o", "stan", "field", "", "", "", "",
    "",
]
FOREIGN = [
    "Wie geht es dir", "Was ist Liebe", "Erzähl mir einen Witz", "Wo wohnst du", "Qui a gagné la guerre",
    "Je ne sais pas", "Pourquoi le ciel est bleu", "Cómo funciona un motor", "Dónde está la biblioteca",
    "Che cosa è la vita", "Что это такое", "Это мой дом", "你是什么意思", "今天天气怎么样", "これは何ですか", "どこに住んでいますか",
    "이것은 무엇입니까", "Hvad er klokken", "Vad heter du", "Wat is dit", "Ile to kosztuje", "ما هذا", "Bana yardım et",
    "Kuinka vanha sinä olet", "Koliko je sati",
]
CODE = [
    "def f(x): return x", "for (let i = 0; i < n; i++) {{}}", "SELECT * FROM {s};", "print('{s}')",
    "import {s}", "<div>{s}</div>", "#include <{s}.h>", "fn main() {{ {s}(); }}", "git commit -m '{s}'",
    "{{\"{s}\": 1}}", "rm -rf {s}", "{s} = lambda x: x", "if {s} then {t} else nothing",
    "https://{s}.example/{t}", "ls -la | grep {s}", "const {s} = await {t}();", "{s}@{t}.example",
    "Error: {s} is not defined", "[1, 2, 3]", "x = y + z", "????", "...", "🙂", "😀👍", "(((", "asdf",
    "lorem ipsum", "{s}/{t}",
]


def pseudo(rng: random.Random) -> str:
    """A word that does not exist, small letters."""
    return "".join(rng.choices(SYLLABLES, k=rng.choice([1, 2, 2, 3]))) + rng.choice(ENDINGS)


def letters(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9)))


def name(rng: random.Random) -> str:
    """A proper name that the model has never seen: one or two words."""
    parts = [pseudo(rng).capitalize() for _ in range(rng.choice([1, 1, 1, 2]))]
    if rng.random() < 0.2:
        parts.insert(0, rng.choice(["New", "San", "Saint", "Port", "Los", "North", "El", "Great"]))
    return " ".join(parts)


def thing(rng: random.Random) -> str:
    """A noun, often with a quality, sometimes plural, rarely nonsense."""
    kind = rng.random()
    if kind < 0.08:
        return pseudo(rng)
    if kind < 0.12:
        return letters(rng)
    if kind < 0.2:
        return name(rng)
    word = rng.choice(THINGS)
    word = rng.choice([word, word, word + "s", f"the {word}", f"a {word}", f"my {word}"])
    if kind < 0.35:
        word = f"{rng.choice(QUALITIES)} {rng.choice(THINGS)}"
    return word


def sentence(rng: random.Random, most: int = 12) -> str:
    """Words in a row without a meaning, as a text that somebody pastes."""
    pools = [
        THINGS, THINGS, QUALITIES, ACTIONS,
        ["the", "a", "and", "of", "in", "to", "is", "that", "with", "for", "was", "it"],
    ]
    return " ".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(2, most)))
