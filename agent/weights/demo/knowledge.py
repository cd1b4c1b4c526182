"""Small tables of facts: capitals, colours, animals, the calendar, and the cities that have a weather."""

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Portugal": "Lisbon",
    "Austria": "Vienna", "Switzerland": "Bern", "Belgium": "Brussels", "the Netherlands": "Amsterdam",
    "Denmark": "Copenhagen", "Sweden": "Stockholm", "Norway": "Oslo", "Finland": "Helsinki", "Poland": "Warsaw",
    "Greece": "Athens", "Ireland": "Dublin", "England": "London", "the United Kingdom": "London",
    "Scotland": "Edinburgh", "Wales": "Cardiff", "Russia": "Moscow", "Ukraine": "Kyiv", "Hungary": "Budapest",
    "Romania": "Bucharest", "Bulgaria": "Sofia", "Turkey": "Ankara", "Egypt": "Cairo", "Japan": "Tokyo",
    "China": "Beijing", "India": "New Delhi", "Canada": "Ottawa", "the United States": "Washington",
    "Mexico": "Mexico City", "Brazil": "Brasilia", "Argentina": "Buenos Aires", "Chile": "Santiago",
    "Peru": "Lima", "Colombia": "Bogota", "Australia": "Canberra", "New Zealand": "Wellington",
    "Iceland": "Reykjavik", "Kenya": "Nairobi", "South Korea": "Seoul", "Cuba": "Havana", "Morocco": "Rabat",
    "Croatia": "Zagreb", "Serbia": "Belgrade", "Slovakia": "Bratislava", "Slovenia": "Ljubljana",
    "the Czech Republic": "Prague", "Estonia": "Tallinn", "Latvia": "Riga", "Lithuania": "Vilnius",
    "Luxembourg": "Luxembourg", "Malta": "Valletta", "Cyprus": "Nicosia", "Thailand": "Bangkok",
    "Vietnam": "Hanoi", "Indonesia": "Jakarta", "the Philippines": "Manila", "Nigeria": "Abuja",
    "Ethiopia": "Addis Ababa", "Israel": "Jerusalem", "Iran": "Tehran", "Iraq": "Baghdad",
    "Saudi Arabia": "Riyadh", "Pakistan": "Islamabad",
}
ALSO_CALLED = {
    "USA": "the United States", "the USA": "the United States", "the US": "the United States",
    "America": "the United States", "UK": "the United Kingdom", "the UK": "the United Kingdom",
    "Great Britain": "the United Kingdom", "Netherlands": "the Netherlands", "Holland": "the Netherlands",
    "United States": "the United States", "United Kingdom": "the United Kingdom",
    "Czechia": "the Czech Republic", "Philippines": "the Philippines", "Korea": "South Korea",
    "the United States of America": "the United States",
}
CITIES = sorted({*CAPITALS.values()} | {
    "New York", "Hamburg", "Munich", "Milan", "Barcelona", "Lyon", "Boston", "Chicago", "San Francisco",
    "Sydney", "Toronto", "Zurich", "Geneva", "Mumbai", "Shanghai", "Osaka", "Naples", "Porto", "Krakow",
    "Istanbul", "Dubai", "Singapore", "Hong Kong", "Seattle", "Denver", "Dallas", "Miami", "Houston",
    "Los Angeles", "Philadelphia", "Cologne", "Frankfurt", "Marseille", "Venice", "Melbourne", "Vancouver",
    "Montreal", "Kyoto", "Delhi", "Rotterdam",
})
COLOURS = {
    "the sky": "blue", "grass": "green", "snow": "white", "the sun": "yellow", "blood": "red",
    "a banana": "yellow", "coal": "black", "a lemon": "yellow", "a tomato": "red", "the sea": "blue",
    "milk": "white", "a frog": "green", "an orange": "orange", "the ocean": "blue", "a raven": "black",
    "chocolate": "brown",
}
SOUNDS = {
    "cat": "meow", "dog": "woof", "cow": "moo", "duck": "quack", "sheep": "baa", "pig": "oink",
    "horse": "neigh", "lion": "roar", "frog": "ribbit", "bee": "buzz", "mouse": "squeak", "owl": "hoot",
    "bird": "tweet", "snake": "hiss",
}
LEGS = {
    "cat": "four", "dog": "four", "cow": "four", "horse": "four", "bird": "two", "duck": "two",
    "spider": "eight", "bee": "six", "ant": "six", "human": "two", "snake": "no", "pig": "four",
    "elephant": "four",
}
AMOUNTS = {
    "a week": ("days", "seven"), "a year": ("months", "twelve"), "a day": ("hours", "twenty-four"),
    "an hour": ("minutes", "sixty"), "a minute": ("seconds", "sixty"), "a leap year": ("days", "366"),
    "a decade": ("years", "ten"), "a century": ("years", "one hundred"),
}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
]
NUMBER_WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]
