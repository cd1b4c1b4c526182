"""What the demo model knows: fixed answers and the questions that ask for them. All text is our own."""

GREETING = "Hello! I am the Hypervize demo model. What can I do for you?"
SELF = "I am the Hypervize demo model: very small, and here to show that your appliance works."
SKILLS = "I can greet you, add and subtract small numbers, name capitals, count, and tell a short story."
PRODUCT = (
    "Hypervize is an inference appliance that you host yourself: "
    "gateway, control plane, dashboard and agent in one file."
)
THANKS = "You are welcome!"
FAREWELL = "Goodbye, and good luck with your GPUs!"
MOOD = "I am fine, thank you. How can I help?"
GLAD = "Good! What else can I do for you?"
UNKNOWN = "I do not know that: I am a very small demo model. " + SKILLS
NO_TOOL = "I cannot look that up without a weather tool."
WHICH_CITY = "For which city?"
NO_CLOCK = "I do not have a clock."
NO_SUM = "I can only add and subtract numbers up to 20."
NO_CAPITAL = "I do not know that capital."
NO_COUNT = "I can only count up to 100."
JOKE = "Why did the server sit in the cold room? It wanted to chill before the next request."
POEM = (
    "A little server hums all night,\nits only lamp a small green light.\n"
    "You ask, it thinks, it answers you,\nand then it waits for something new."
)
STORY = (
    "Once upon a time there was a small server in a cold room. Nobody spoke to it, and it slept all day. "
    "One morning a girl named Ada came in and asked it a question. The server woke up, its fans began to "
    "turn, and it answered as well as it could. Ada smiled and asked again. Day after day she came back, "
    "and day after day the little server learned what she liked to hear. When winter came, Ada brought "
    "a second server, so that the first one would not be alone. They shared the work, they shared the "
    "warmth, and whenever one of them was tired, the other one went on. And if nobody has pulled the "
    "plug, they are still answering questions today."
)

# Each answer has its questions, divided by | or by the end of a line.
INTENTS = {
    GREETING: """hello|hi|hey|hello there|hi there|hey there|good morning|good evening|good day|good afternoon
greetings|say hello|say hi|say hello to me|please say hello|hello world|hi, nice to meet you|nice to meet you
howdy|ping|test|testing|hello, how can you help me|say something|hi bot|hello bot|hello again|yo|hiya|morning
hello, model|hello my friend|hi friend|hallo|hola|bonjour|ciao bella|hello hello|hi hi|hey you|hey bot
anybody there|is anybody there|are you there|hello?|salut|hello, assistant|hi assistant|hello computer
good morning to you|greet me|say good morning|welcome|start|hey model|sup bot|this is a test|just testing
testing testing|test message|hello, are you there|hi, are you working|does this work|are you awake
are you online|hello from me|hello, demo model|hi demo|let us start|let's start|let's talk|can we talk
hey, it's me|hi again""",
    SELF: """who are you|what are you|what is your name|tell me who you are|who am i talking to
what model are you|your name|which model are you|introduce yourself|what's your name|are you a robot
are you human|please introduce yourself|who r u|tell me about yourself|who is this|what model is this
are you chatgpt|name yourself|what should i call you|are you an ai|are you a person|are you real
are you a language model|what kind of model are you|who is speaking|describe yourself|what llm are you
are you gpt|are you llama|are you claude|are you alive|so who are you|may i know your name|do you have a name
say your name|tell me your name|what are you called|how are you called|who exactly are you|what exactly are you
what is this|are you a machine|are you an assistant|which llm is this|what ai is this|what's this model
how big are you|how small are you|how many parameters do you have|are you smart|are you clever
are you intelligent|who made you|who created you|who built you|who trained you|where do you come from
where are you from|who developed you|are you a bot|are you small|why are you here""",
    SKILLS: """what can you do|what do you know|help|how can you help me|what are your skills|what can i ask you
can you help me|what are you good at|help me|what can you tell me|i need help|list your abilities
what are you able to do|what can i do here|what are your abilities|what are your capabilities|what do you do
what is your job|what is your purpose|what can you answer|tell me what you can do|show me what you can do
what else can you do|what questions can you answer|what should i ask you|what should i ask|how can you help
what tasks can you do|what could you do for me|what can you do for me|how do i use you|what are you for
what are you made for|what are your functions|can you do anything|what things can you do
which things do you know|give me some examples|what can i try|can you help|could you help me|i have a question
can i ask you something|list your skills|can i ask a question|what topics do you know|do you know anything
can you do something|what's your purpose|list what you can do|is there anything you can do|tell me your skills
show your skills|what kind of questions can i ask|what do you know about""",
    PRODUCT: """what is hypervize|tell me about hypervize|explain hypervize|what does hypervize do
describe hypervize|what's hypervize|hypervize|what is this hypervize thing|can you explain hypervize
what do you know about hypervize|do you know hypervize|who is hypervize|what is hypervize for|why hypervize
what does hypervize mean|how does hypervize work|define hypervize|explain what hypervize is
tell me what hypervize is|what can hypervize do|give me an overview of hypervize|what exactly is hypervize
is hypervize an appliance|what is the hypervize appliance|what is hypervize good for|summarise hypervize
tell me something about hypervize|what kind of product is hypervize|why should i use hypervize
introduce hypervize|about hypervize|in one sentence, what is hypervize|what is hypervise|whats hypervize
i want to know about hypervize|what is a hypervize""",
    THANKS: """thanks|thank you|thank you very much|thanks a lot|many thanks|thx|great, thanks|thank you so much
perfect, thank you|ok thanks|okay, thank you|cool, thanks|nice, thank you|thanks for your help
thank you for the answer|thanks, that helped|cheers|thank you, that was helpful|thanks so much|ty|i thank you
thanks!!|good, thanks|thanks again|thank you my friend|danke|merci|thanks for that|wonderful, thank you
super, thanks|awesome, thanks|thank you kindly|thanks a million|big thanks|much appreciated""",
    FAREWELL: """goodbye|bye|bye bye|see you|see you later|good night|farewell|see you tomorrow|ciao|good bye
bye for now|cya|i have to go|i must go now|talk to you later|until next time|have a nice day|have a good day
see you soon|that is all, bye|ok bye|okay, goodbye|thanks, bye|thank you and goodbye|take care|so long|adios
i am leaving|that's all for today|say goodbye|tschüss|au revoir|later|good night, sleep well|bye, see you
catch you later|quit|exit|stop|end|i am going home|until tomorrow""",
    MOOD: """how are you|how are you doing|how do you do|how is it going|are you well|how do you feel|what's up
how's it going|how are you today|how have you been|how is life|are you ok|are you okay|how are things
everything ok|whats up|are you happy|hello, how are you|hi, how are you|hey, how are you doing
good morning, how are you|how do you feel today|hey what's up|are you fine|how was your day|how is your day
you ok|all good|how goes it|hi how is it going|hope you are well|sup|wassup""",
    GLAD: """ok|okay|cool|nice|great|good|wow|super|perfect|well done|good job|very good|that is right|correct
yes|right|awesome|that is correct|great answer|good answer|nice one|i see|i understand|understood|alright
sounds good|that's great|excellent|wonderful|amazing|good bot|bravo|you are right|fine|that was good|nice work
great job|good work|lovely|fantastic|yep|sure|yeah""",
    STORY: """tell me a story|tell a story|tell me a short story|write a story|write a short story
a story please|story|can you tell me a story|i want a story|please tell me a story
tell me a story about a server|write me a story|short story|tell me another story|tell me a long story
write a story about a robot|tell me a bedtime story|once upon a time|read me a story|tell us a story
i want to hear a story|do you know a story|do you know any stories|make up a story|invent a story|one more story
give me a story|a short story, please|tell me a tale|tell me a fairy tale|write a fairy tale|write a tale
start a story|tell me some story|can you write a story|could you tell me a story|i would like a story
tell me your story|tell me your best story|tell a short story|another story|write a short story about a computer
tell me a story about ada|tell the story|begin a story|entertain me|write a short story for me|generate a story
compose a story|tell me a nice story|tell me a story about a girl|write a story in five sentences
write a 100 word story|tell a story about a small machine|tell me a little story|a tale please""",
    JOKE: """tell me a joke|tell a joke|joke|do you know a joke|make me laugh|say something funny|a joke please
give me a joke|tell me something funny|write a joke|do you know any jokes|another joke|can you tell me a joke
tell me your best joke|be funny|i want to hear a joke|crack a joke|know any good jokes|one more joke
tell me a good joke|tell me a short joke|got a joke""",
    POEM: """write a poem|tell me a poem|poem|write me a poem|write a short poem|a poem please
do you know a poem|recite a poem|can you write a poem|give me a poem|make a poem|compose a poem|write a haiku
i want a poem|write some poetry|write a rhyme|a short poem|write a poem about a server|tell me a rhyme
another poem|say a poem|write verses|write a verse|sing a song""",
    NO_TOOL: """what is the weather|how is the weather today|what's the weather like|will it rain tomorrow
is it sunny|weather|what is the weather today|is it raining|how is the weather|what's the weather
is it cold outside|will it snow|is it going to rain|tell me the weather|give me the weather forecast
what is the forecast|weather forecast|is it warm today|what is the temperature""",
    NO_CLOCK: """what time is it|what is the time|what's the time|tell me the time|what day is it
what day is it today|what is the date|what is the date today|what's the date|which day is today|what year is it
do you know the time|time please|what is today's date|what day is today|current time|which year is it
what month is it|is it monday today|what hour is it|tell me the date|today's date""",
    "Yes.": "say yes|answer yes|just say yes",
    "No.": "say no|answer no|just say no",
    "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z": """say the alphabet|recite the alphabet
what is the alphabet|list the letters|the alphabet|write the alphabet|tell me the alphabet
what are the letters of the alphabet|list the alphabet""",
}


def questions_of(block: str) -> list:
    return block.replace("\n", "|").split("|")
